// SPDX-License-Identifier: MIT
#include "os/wall_clock.hpp"

#include <chrono>

namespace clusterless::os {

std::uint64_t unix_ms() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}

}  // namespace clusterless::os
