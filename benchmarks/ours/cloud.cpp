// SPDX-License-Identifier: MIT
// Trivial items on engine azure, from the submission until all results are here; the pool is there
// and has run an item. The account is named by AZURE_*: cloud N.
#include <cstdlib>
#include <vector>

#include "ours.hpp"

namespace {
long same(const long& item) {
  return item;
}
}  // namespace

int main(int argc, char** argv) {
  clusterless::init(argc, argv);
  const long n = argc > 1 ? std::atol(argv[1]) : 1000;
  clusterless::pool_options options;
  options.engine = "azure";
  options.pools = 1;
  options.nodes = 4;
  options.nodes_per_task = 1;
  options.procs_per_node = 1;
  options.verbose = false;
  auto pool = clusterless::create_pool(options);
  pool.pmap(same, 4, {.items_per_task = 1}).fetch();
  const double start = bench::now();
  const std::vector<long> values = pool.pmap(same, n).fetch();
  const double seconds = bench::now() - start;
  for (long i = 0; i < n; ++i)
    bench::check(values[static_cast<std::size_t>(i)] == i, "cloud");
  bench::figure(seconds, "s").with("n", static_cast<double>(n)).print();
  pool.destroy();
}
