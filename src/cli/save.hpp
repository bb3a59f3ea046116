// SPDX-License-Identifier: MIT
// Values of items as files on this machine. Names that come with a value are refused unless they
// are plain; a file is whole or not there.
#pragma once

#include <string>
#include <vector>

#include "cli/values.hpp"

namespace clusterless::cli {

/// Throws `error` (misuse) unless `name` is a plain file name: not empty, no '/', not "." or "..",
/// at most 255 bytes.
void check_file_name(const std::string& name);

/// Writes the parts one after the other to `path`, through a temporary file beside it.
void save_parts(const std::string& path, const std::vector<bytes>& parts,
                std::uint32_t mode = 0644);

/// Saves a value below `directory`: files as <item>/<name>, arrays of numbers as <item>.npy,
/// everything else as <item>.json (where files are told by their paths). Returns the paths.
std::vector<std::string> save_in_directory(const type& of, bytes value, std::uint64_t item,
                                           const std::string& directory);

/// Saves one value as the file `path`: a file's contents; .npy when the path ends so (throws
/// `error` (misuse) when the value is no array of numbers); else JSON.
void save_as(const type& of, bytes value, const std::string& path);

}  // namespace clusterless::cli
