// SPDX-License-Identifier: MIT
// Completion scripts for shells, made of the commands and options that the parser knows. Names of
// jobs are asked of the tool itself (`clusterless jobs --names`) when a key is pressed.
#pragma once

#include <string>

namespace clusterless::cli {

/// The script for "bash", "zsh" or "fish".
std::string completion_script(const std::string& shell);

}  // namespace clusterless::cli
