// SPDX-License-Identifier: MIT
// The time of day, for records that people and other machines read. What waits or measures uses
// clocks that cannot be set.
#pragma once

#include <cstdint>

namespace clusterless::os {

/// Milliseconds since 1970-01-01 00:00 UTC.
std::uint64_t unix_ms();

}  // namespace clusterless::os
