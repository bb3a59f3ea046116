// SPDX-License-Identifier: MIT
// The largest block this program has asked operator new for, so that tests can see that hostile
// counts allocate nothing.
#pragma once

#include <cstddef>

namespace clusterless::tests {

/// Forgets what was asked for before.
void watch_allocations() noexcept;
/// Bytes of the largest block since then.
std::size_t largest_allocation() noexcept;

}  // namespace clusterless::tests
