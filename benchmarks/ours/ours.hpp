// SPDX-License-Identifier: MIT
// Clusterless as a contestant: one function per work, each written as a user would write it. The
// functions that are mapped stand beside their work.
#pragma once

#include <clusterless/clusterless.hpp>

#include "measure.hpp"

namespace bench {

namespace cl = clusterless;

void noop(const arguments&);
void latency(const arguments&);
void lazy(const arguments&);
void durable(const arguments&);
void payload(const arguments&);          ///< of std::vector<double>
void payload_array(const arguments&);    ///< of cl::array<double>, in shared memory
void broadcast(const arguments&);        ///< of a std::vector<double>
void broadcast_array(const arguments&);  ///< of a cl::array<double>
void nested(const arguments&);
void crash(const arguments&);
void idle(const arguments&);
void growth(const arguments&);  ///< no-op items on as many workers as wanted

/// `n` nodes, each of which runs an item at a time.
inline cl::pool lone_nodes(int n) {
  cl::pool_options options;
  options.engine = "local";
  options.pools = 1;
  options.nodes = n;
  options.nodes_per_task = 1;
  options.procs_per_node = 1;
  return cl::create_pool(options);
}
/// Two workers, like every contestant.
inline cl::pool two_workers() {
  return lone_nodes(2);
}

/// Runs a few items so that both workers are there.
void warm(cl::pool& pool);

}  // namespace bench
