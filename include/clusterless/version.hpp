// SPDX-License-Identifier: MIT
// The version of the library.
#pragma once

namespace clusterless {

inline constexpr const char* version = "0.1.0";

}  // namespace clusterless
