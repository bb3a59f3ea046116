// SPDX-License-Identifier: MIT
#include "support/scratch_directory.hpp"

#include <stdlib.h>
#include <sys/mount.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace clusterless::tests {

scratch_directory::scratch_directory()
    : path_((std::filesystem::temp_directory_path() / "clusterless-test-XXXXXX").string()) {
  if (::mkdtemp(path_.data()) == nullptr)
    throw std::system_error(errno, std::generic_category(), "mkdtemp " + path_);
}

scratch_directory::~scratch_directory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

small_file_system::small_file_system(const std::string& size) {
  const std::string options = "mode=0700,size=" + size;
  mounted_ = ::mount("tmpfs", path().c_str(), "tmpfs", 0, options.c_str()) == 0;
  if (!mounted_) why_not_ = "mount: " + std::generic_category().message(errno);
}

small_file_system::~small_file_system() {
  if (mounted_) ::umount2(path().c_str(), MNT_DETACH);
}

void small_file_system::make_read_only() {
  if (::mount("tmpfs", path().c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr) != 0)
    throw std::system_error(errno, std::generic_category(), "remount " + path());
}

}  // namespace clusterless::tests
