// SPDX-License-Identifier: MIT
#include "os/mappings.hpp"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <string_view>
#include <utility>

namespace clusterless::os {

namespace {

bool remove_suffix(std::string& text, std::string_view suffix) {
  if (!std::string_view(text).ends_with(suffix)) return false;
  text.resize(text.size() - suffix.size());
  return true;
}

}  // namespace

std::vector<mapping> read_mappings() {
  std::vector<mapping> found;
  std::ifstream maps("/proc/self/maps");
  for (std::string text; std::getline(maps, text);) {
    mapping m;
    std::array<char, 5> permissions = {};
    int path_at = 0;
    const int fields = std::sscanf(text.c_str(),
                                   "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %" SCNx32 ":%" SCNx32
                                   " %" SCNu64 " %n",
                                   &m.begin, &m.end, permissions.data(), &m.file_offset,
                                   &m.device_major, &m.device_minor, &m.inode, &path_at);
    if (fields != 7) continue;
    m.executable = permissions[2] == 'x';
    m.path = text.substr(std::min(static_cast<std::size_t>(path_at), text.size()));
    m.deleted = remove_suffix(m.path, " (deleted)");
    found.push_back(std::move(m));
  }
  return found;
}

const mapping* mapping_with(const std::vector<mapping>& all, std::uint64_t address) {
  const auto found = std::find_if(all.begin(), all.end(), [address](const mapping& each) {
    return address >= each.begin && address < each.end;
  });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace clusterless::os
