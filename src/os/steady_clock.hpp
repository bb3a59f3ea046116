// SPDX-License-Identifier: MIT
// The clock that everything waits and measures by. It cannot be set.
#pragma once

#include <chrono>
#include <cstdint>

namespace clusterless::os {

/// Nanoseconds since a moment that is the same for all processes of the machine.
inline std::int64_t steady_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace clusterless::os
