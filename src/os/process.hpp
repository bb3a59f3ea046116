// SPDX-License-Identifier: MIT
// Child processes: started with a given environment, standard streams and one descriptor, in a
// process group of their own, watched through a pidfd.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "os/unique_fd.hpp"

namespace clusterless::os {

struct start_request {
  std::string path = {};  ///< of the executable
  std::vector<std::string> argv = {};
  std::vector<std::pair<std::string, std::string>> env = {};  ///< set in addition to our own
  int inherit = -1;                                           ///< becomes descriptor 3, if given
  int output = -1;                                            ///< becomes standard output and error
  int errors = -1;             ///< becomes standard error instead, if given
  bool only_env = false;       ///< `env` is all of the environment
  std::string directory = {};  ///< working directory; empty: ours
};

/// How a child ended, as far as the kernel told.
struct exit_facts {
  int wait_status = 0;
  std::uint64_t peak_bytes = 0;
};

/// A running child. Destroying it kills the child's whole process group and reaps the child.
class child_process {
 public:
  child_process() = default;
  child_process(child_process&& other) noexcept;
  child_process& operator=(child_process&& other) noexcept;
  ~child_process();

  /// Starts a child; throws `error` when the system refuses. Standard input is /dev/null, other
  /// descriptors are closed, signals are reset.
  static child_process start(const start_request& request);

  explicit operator bool() const noexcept { return pid_ > 0; }
  pid_t pid() const noexcept { return pid_; }
  int pidfd() const noexcept { return pidfd_.get(); }
  /// Sends a signal to the child alone.
  void signal(int number) const noexcept;
  /// The same to all processes of its group.
  void signal_group(int number) const noexcept;
  /// SIGKILL to the child's process group.
  void kill_group() const noexcept;
  /// The wait status if it has ended, which leaves it, and so the id of its group, as it is.
  std::optional<int> ended() const noexcept;
  /// The facts if it has ended; then the handle is empty.
  std::optional<exit_facts> reap();

 private:
  pid_t pid_ = -1;
  unique_fd pidfd_;
};

}  // namespace clusterless::os
