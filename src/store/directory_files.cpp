// SPDX-License-Identifier: MIT
#include "store/directory_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <clusterless/error.hpp>
#include <memory>
#include <system_error>

#include "core/checksum.hpp"

namespace clusterless::store {
namespace {

struct close_directory {
  void operator()(DIR* d) const { ::closedir(d); }
};
using directory_stream = std::unique_ptr<DIR, close_directory>;

directory_stream open_stream(int root, const std::string& key) {
  descriptor fd(::openat(root, key.empty() ? "." : key.c_str(),
                         O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return nullptr;
  DIR* stream = ::fdopendir(fd.get());
  if (stream != nullptr) fd.release();
  return directory_stream(stream);
}

bool is_dot(const char* name) {
  return name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0));
}

std::string below(const std::string& key, const char* name) {
  return key.empty() ? std::string(name) : key + "/" + name;
}

int sync_descriptor(int fd) {
  // Some file systems cannot sync a directory and say EINVAL; there is nothing more to do there.
  return ::fsync(fd) == 0 || errno == EINVAL ? 0 : errno;
}

int sync_path(int root, const std::string& folder) {
  const descriptor fd(
      ::openat(root, folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return fd ? sync_descriptor(fd.get()) : errno;
}

/// Empties the folder `key`; true when nothing that could be removed is left.
bool empty_folder(int root, const std::string& key, std::vector<failure>& left) {
  const directory_stream stream = open_stream(root, key);
  if (!stream) {
    if (errno == ENOENT) return true;
    left.push_back({key, errno_text(errno)});
    return false;
  }
  const std::size_t before = left.size();
  while (const dirent* entry = ::readdir(stream.get()))
    if (!is_dot(entry->d_name)) remove_tree(root, below(key, entry->d_name), left);
  return left.size() == before;
}

}  // namespace

descriptor::~descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

std::string errno_text(int cause) {
  return std::generic_category().message(cause);
}

void throw_io(const char* verb, const std::string& path, int cause, const std::string& root,
              std::uint64_t unwritten) {
  const std::string what = std::string("cannot ") + verb + " " + path + ": " + errno_text(cause);
  switch (cause) {
    case ENOSPC:
    case EDQUOT:
      throw error(error_kind::busy,
                  "store " + root + " is full: " + std::to_string(unwritten) +
                      " bytes could not be written to " + path + " (" + errno_text(cause) +
                      "); nothing that was committed is lost. Make room, or choose another "
                      "directory with CLUSTERLESS_STORE");
    case EFBIG:
      throw error(error_kind::busy, what + " (" + std::to_string(unwritten) +
                                        " bytes); nothing that was committed is lost. Raise the "
                                        "limit on the size of files (ulimit -f)");
    case EROFS:
    case EACCES:
    case EPERM:
      throw error(error_kind::misuse, what + "; choose another directory with CLUSTERLESS_STORE");
    case EMFILE:
    case ENFILE:
      throw error(error_kind::busy, what + "; raise the limit on open files (ulimit -n)");
    case ENOLCK:
      throw error(error_kind::unsupported,
                  what +
                      "; this file system has no locks: choose another directory with "
                      "CLUSTERLESS_STORE");
    default:
      throw error(error_kind::failed, what);
  }
}

int write_all(int fd, std::uint64_t offset, std::span<const bytes> parts) {
  std::vector<iovec> todo;
  todo.reserve(parts.size());
  for (const bytes part : parts)
    if (!part.empty()) todo.push_back({const_cast<std::byte*>(part.data()), part.size()});
  for (std::size_t at = 0; at < todo.size();) {
    const auto n = static_cast<int>(std::min<std::size_t>(todo.size() - at, IOV_MAX));
    const ssize_t done = ::pwritev(fd, &todo[at], n, static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return done < 0 ? errno : ENOSPC;
    offset += static_cast<std::uint64_t>(done);
    auto left = static_cast<std::size_t>(done);
    while (at < todo.size() && left >= todo[at].iov_len)
      left -= todo[at++].iov_len;
    if (left != 0) {
      todo[at].iov_base = static_cast<char*>(todo[at].iov_base) + left;
      todo[at].iov_len -= left;
    }
  }
  return 0;
}

std::ptrdiff_t read_all(int fd, std::uint64_t offset, std::span<std::byte> into) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t n =
        ::pread(fd, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return static_cast<std::ptrdiff_t>(done);
}

int make_folders(int root, const std::string& key) {
  for (auto slash = key.find('/'); slash != std::string::npos; slash = key.find('/', slash + 1)) {
    const std::string folder = key.substr(0, slash);
    if (::mkdirat(root, folder.c_str(), 0700) != 0) {
      if (errno == EEXIST) continue;
      return errno;
    }
    if (const int cause = sync_folder(root, folder)) return cause;
  }
  return 0;
}

int sync_folder(int root, const std::string& key) {
  const auto slash = key.rfind('/');
  return sync_path(root, slash == std::string::npos ? std::string() : key.substr(0, slash));
}

std::string temporary_beside(const std::string& key) {
  std::uint64_t random = 0;
  if (::getrandom(&random, sizeof random, 0) != static_cast<ssize_t>(sizeof random))
    throw_io("name a temporary file for", key, errno, key);
  const auto slash = key.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : key.substr(0, slash + 1);
  return folder + ".new-" + core::to_hex(random);
}

bool is_hidden(const char* name) {
  return name[0] == '.';
}

void remove_tree(int root, const std::string& key, std::vector<failure>& left) {
  if (::unlinkat(root, key.c_str(), 0) == 0 || errno == ENOENT || errno == ENOTDIR) return;
  const int cause = errno;
  struct stat info;
  if (::fstatat(root, key.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(info.st_mode)) {
    left.push_back({key, errno_text(cause)});
    return;
  }
  // Another process may still be adding to the folder: a second look is worth it, a siege is not.
  for (int look = 0; look < 3; ++look) {
    if (!empty_folder(root, key, left)) return;
    if (::unlinkat(root, key.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return;
    if (errno != ENOTEMPTY && errno != EEXIST) break;
  }
  left.push_back({key, errno_text(errno)});
}

int list_tree(int root, const std::string& key, std::vector<object_info>& found) {
  const directory_stream stream = open_stream(root, key);
  if (!stream) return errno == ENOENT || errno == ENOTDIR ? 0 : errno;
  while (const dirent* entry = ::readdir(stream.get())) {
    if (is_hidden(entry->d_name)) continue;
    const std::string child = below(key, entry->d_name);
    struct stat info;
    if (::fstatat(root, child.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) continue;
      return errno;
    }
    if (S_ISREG(info.st_mode)) {
      found.push_back({child, static_cast<std::uint64_t>(info.st_size)});
    } else if (S_ISDIR(info.st_mode)) {
      if (const int cause = list_tree(root, child, found)) return cause;
    }
  }
  return 0;
}

}  // namespace clusterless::store
