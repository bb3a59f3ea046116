// SPDX-License-Identifier: MIT
// Waits for descriptors: a thin wrapper over epoll that hands back the tokens they were added with.
#pragma once

#include <cstddef>
#include <cstdint>

#include "os/unique_fd.hpp"

namespace clusterless::os {

class poller {
 public:
  poller();
  /// Watches `fd` for reading.
  void add(int fd, std::uint64_t token);
  void remove(int fd) noexcept;
  /// Up to `room` tokens of readable descriptors; waits at most `timeout_ms` (negative: for ever).
  std::size_t wait(std::uint64_t* tokens, std::size_t room, int timeout_ms);

 private:
  unique_fd fd_;
};

}  // namespace clusterless::os
