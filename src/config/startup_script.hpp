// SPDX-License-Identifier: MIT
// Looks at a pool's start-up script before any node is made, so that a wrong path is told at once
// and not by every node. Running it is the engine's matter.
#pragma once

#include <string>

namespace clusterless::config {

/// Throws `error` (misuse) unless `path` is a readable regular file of 1 byte to 1 MiB. It need not
/// be executable: nodes run it with a shell, as in the model.
void check_startup_script(const std::string& path);

}  // namespace clusterless::config
