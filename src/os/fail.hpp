// SPDX-License-Identifier: MIT
// Turns a failed system call into an `error` that says what could not be had and why.
#pragma once

#include <string>

namespace clusterless::os {

/// Throws error(busy or failed): "cannot get `what`: <text of errno>".
[[noreturn]] void fail(const std::string& what);

}  // namespace clusterless::os
