// SPDX-License-Identifier: MIT
// What this kernel and container let a process do, tried out now. For the doctor.
#pragma once

#include <string>

namespace clusterless::os {

/// Empty when memory can be shared by descriptor, as workers do; else why not.
std::string why_no_shared_memory();
/// Empty when processes can be watched by descriptor; else why not.
std::string why_no_pidfd();

}  // namespace clusterless::os
