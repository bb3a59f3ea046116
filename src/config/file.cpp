// SPDX-License-Identifier: MIT
#include "config/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include <clusterless/error.hpp>

#include "config/wording.hpp"

namespace clusterless::config {

namespace {

class descriptor {
 public:
  explicit descriptor(int fd) : fd_(fd) {}
  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

[[noreturn]] void fail(const small_file& file, const std::string& why) {
  throw error(error_kind::misuse, "cannot read the " + std::string(file.what) + " " +
                                      in_quotes(file.path, 1000) + ": " + why + "; " +
                                      std::string(file.cure));
}

[[noreturn]] void fail_errno(const small_file& file, int number) {
  fail(file, std::generic_category().message(number));
}

[[noreturn]] void fail_too_large(const small_file& file) {
  fail(file, "it is larger than " + std::to_string(file.max_bytes >> 10) + " KiB");
}

}  // namespace

std::string read_small_file(const small_file& file) {
  if (file.path.find('\0') != std::string::npos) fail(file, "the path holds a zero byte");
  const descriptor fd(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (fd.get() < 0) fail_errno(file, errno);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) fail_errno(file, errno);
  if (S_ISDIR(status.st_mode)) fail(file, "it is a directory");
  if (!S_ISREG(status.st_mode)) fail(file, "it is not a regular file");
  if (static_cast<std::size_t>(status.st_size) > file.max_bytes) fail_too_large(file);

  // The size may be 0 for files of /proc and may change meanwhile: read to the end.
  std::string bytes(static_cast<std::size_t>(status.st_size) + 1, '\0');
  std::size_t length = 0;
  for (;;) {
    if (length == bytes.size()) bytes.resize(2 * bytes.size());
    const ssize_t got = ::read(fd.get(), bytes.data() + length, bytes.size() - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_errno(file, errno);
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
    if (length > file.max_bytes) fail_too_large(file);
  }
  bytes.resize(length);
  return bytes;
}

bool readable_by_others(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && (status.st_mode & (S_IRGRP | S_IROTH)) != 0;
}

}  // namespace clusterless::config
