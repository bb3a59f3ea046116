// SPDX-License-Identifier: MIT
// Places on disk that tests own: a new directory, and a small file system that can be full or
// read-only. Both are gone at the end of the test.
#pragma once

#include <string>

namespace clusterless::tests {

class scratch_directory {
 public:
  scratch_directory();
  ~scratch_directory();
  scratch_directory(const scratch_directory&) = delete;
  scratch_directory& operator=(const scratch_directory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// A file system in memory of its own. Only the superuser may mount one: look at mounted() first.
class small_file_system {
 public:
  explicit small_file_system(const std::string& size);  ///< "1m"
  ~small_file_system();
  bool mounted() const { return mounted_; }
  const std::string& why_not() const { return why_not_; }
  const std::string& path() const { return directory_.path(); }
  void make_read_only();

 private:
  scratch_directory directory_;
  bool mounted_ = false;
  std::string why_not_;
};

}  // namespace clusterless::tests
