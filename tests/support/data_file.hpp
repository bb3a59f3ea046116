// SPDX-License-Identifier: MIT
// Files that tests read: what was recorded or written down from a specification.
#pragma once

#include <string>

namespace clusterless::tests {

/// The content of tests/support/data/`name`. Throws when there is no such file.
std::string data_file(const std::string& name);

}  // namespace clusterless::tests
