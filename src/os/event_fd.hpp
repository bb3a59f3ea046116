// SPDX-License-Identifier: MIT
// A descriptor that is readable from the first ring until it is silenced: wakes a thread that
// polls, from any thread or signal handler.
#pragma once

#include "os/unique_fd.hpp"

namespace clusterless::os {

class event_fd {
 public:
  /// Throws `error` when the process has no descriptor left.
  event_fd();
  int fd() const noexcept { return fd_.get(); }
  void ring() const noexcept;
  void silence() const noexcept;

 private:
  unique_fd fd_;
};

}  // namespace clusterless::os
