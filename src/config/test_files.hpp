// SPDX-License-Identifier: MIT
// Files for the tests of this room: a folder of one test's own, gone at its end, and the data that
// the tests keep in the tree.
#pragma once

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace clusterless::config {

class test_folder {
 public:
  test_folder() : path_((std::filesystem::temp_directory_path() / "clusterless-XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("mkdtemp " + path_);
  }
  ~test_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  test_folder(const test_folder&) = delete;
  test_folder& operator=(const test_folder&) = delete;

  std::string path(std::string_view name) const { return path_ + "/" + std::string(name); }

  /// Writes a file that only its owner may read; its path.
  std::string write(std::string_view name, std::string_view content) const {
    const std::string to = path(name);
    std::ofstream(to, std::ios::binary) << content;
    if (::chmod(to.c_str(), S_IRUSR | S_IWUSR) != 0) throw std::runtime_error("chmod " + to);
    return to;
  }

 private:
  std::string path_;
};

/// Path of a file of tests/support/data.
inline std::string test_data(std::string_view name) {
  const auto room = std::filesystem::path(__FILE__).parent_path();
  return (room / "../../tests/support/data" / name).lexically_normal().string();
}

}  // namespace clusterless::config
