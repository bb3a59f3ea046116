// SPDX-License-Identifier: MIT
// Broadcast values of this process: decoded when first read, kept until the supervisor says that
// nobody needs them any more.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "core/task.hpp"

namespace clusterless::session {

/// Where a process without a supervisor finds broadcast values; null when there is none under a
/// key.
using broadcast_finder =
    std::function<std::shared_ptr<const core::broadcast_bytes>(const std::uint64_t (&key)[2])>;
void find_broadcasts_with(broadcast_finder found_by);

void drop_broadcast(const std::uint64_t (&key)[2]);

}  // namespace clusterless::session
