// SPDX-License-Identifier: MIT
// Broadcast values of this process: decoded when first read, kept until the supervisor says that
// nobody needs them any more.
#pragma once

#include <cstdint>

namespace clusterless::session {

void drop_broadcast(const std::uint64_t (&key)[2]);

}  // namespace clusterless::session
