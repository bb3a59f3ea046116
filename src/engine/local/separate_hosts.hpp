// SPDX-License-Identifier: MIT
// Runs the nodes of a task as if each were another host: an agent process for every node but the
// first, reached over an encrypted link on the loopback interface. For tests of what tasks on
// several hosts do, and for users who want to see it; slower than sharing memory.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "os/process.hpp"
#include "session/host.hpp"
#include "session/link_file.hpp"

namespace clusterless::engine {

/// Set to "separate" in the client's environment to have it so.
inline constexpr const char* hosts_variable = "CLUSTERLESS_LOCAL_HOSTS";
bool hosts_are_separate();

/// The agents of the nodes of one task; they end with this object.
class separate_hosts {
 public:
  /// Starts an agent for each of `nodes` - 1 nodes.
  separate_hosts(session::host& on, std::size_t nodes);
  ~separate_hosts();
  /// Where the agents are, by node; the first has none.
  const std::vector<std::optional<session::link_place>>& places() const noexcept { return places_; }
  /// Ends the agent of a node by force, as when the host is lost.
  void kill(std::size_t node);

 private:
  std::vector<std::optional<session::link_place>> places_;
  std::vector<os::child_process> agents_;
  std::string folder_;
};

}  // namespace clusterless::engine
