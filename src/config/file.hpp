// SPDX-License-Identifier: MIT
// Reading a small configuration file whole, with errors that name it, say what is the matter and
// what to do. Opens regular files only, so that a pipe or device named by mistake cannot block.
#pragma once

#include <string>
#include <string_view>

namespace clusterless::config {

/// Which file, and how the messages speak of it.
struct small_file {
  std::string path;
  std::string_view what;  ///< "parameters file"
  std::string_view cure;  ///< "correct PARAMETERS or pool_options.parameters"
  std::size_t max_bytes;
};

/// The bytes of the file. Throws `error` (misuse) when it is absent, not a regular file, unreadable
/// or larger than `max_bytes`.
std::string read_small_file(const small_file& file);

/// True when the file's permissions let its group or everybody read it.
bool readable_by_others(const std::string& path);

}  // namespace clusterless::config
