// SPDX-License-Identifier: MIT
// Runs the start-up script of a node, once, before the node's first item. Its output is kept for
// the case that it fails.
#pragma once

#include <string>

#include "os/process.hpp"
#include "os/unique_fd.hpp"
#include "session/host.hpp"

namespace clusterless::engine {

class node_start final : public session::watched {
 public:
  /// Starts `script` with sh; throws `error` when that cannot be done.
  node_start(session::host& on, const std::string& script, const std::string& node);
  ~node_start() override;

  bool over() const noexcept { return over_; }
  /// Empty when the script succeeded, else what happened and the last lines of its output.
  const std::string& failure() const noexcept { return failure_; }

  void readable() override;
  void ended() override;

 private:
  session::host& host_;
  std::string what_;
  os::unique_fd output_;
  os::unique_fd alive_;  ///< closed when this program ends, however it does
  os::child_process process_;
  int pidfd_ = -1;
  std::string tail_;
  std::string failure_;
  bool over_ = false;
};

}  // namespace clusterless::engine
