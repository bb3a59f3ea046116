// SPDX-License-Identifier: MIT
// What this process has mapped, as /proc/self/maps tells.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace clusterless::os {

struct mapping {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t file_offset = 0;
  std::uint64_t inode = 0;
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  bool executable = false;
  bool deleted = false;   ///< the file was removed or replaced since
  std::string path = {};  ///< empty, or in brackets, when it is no file
};

/// By address.
std::vector<mapping> read_mappings();
/// The one of `all` that `address` lies in, or null.
const mapping* mapping_with(const std::vector<mapping>& all, std::uint64_t address);

}  // namespace clusterless::os
