// SPDX-License-Identifier: MIT
// What the directory store needs of the file system: descriptors, whole reads and writes, unique
// names, and failures told in words. The only place, with the rest of directory_*.cpp, that knows
// POSIX files in this room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "store/store.hpp"

namespace clusterless::store {

/// A file descriptor, closed at the end.
class descriptor {
 public:
  descriptor() = default;
  explicit descriptor(int fd) : fd_(fd) {}
  descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~descriptor();
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// The store's directory, open, and its name for messages. `fd` is -1 while there is none.
struct directory_root {
  int fd = -1;
  std::string path;
};

/// Throws what errno `cause` means for `verb` ("write", "read", …) on `path` in the store `root`.
/// `unwritten`: bytes that found no room, when that is the cause.
[[noreturn]] void throw_io(const char* verb, const std::string& path, int cause,
                           const std::string& root, std::uint64_t unwritten = 0);

/// The meaning of an errno, in words.
std::string errno_text(int cause);

/// All parts at `offset`, in order. Returns 0 or the errno.
int write_all(int fd, std::uint64_t offset, std::span<const bytes> parts);
/// Up to into.size() bytes; fewer at the end of the file. Returns -1 with errno set on failure.
std::ptrdiff_t read_all(int fd, std::uint64_t offset, std::span<std::byte> into);

/// Makes the folders above `key`, each durable in its parent. Returns 0 or the errno.
int make_folders(int root, const std::string& key);
/// Makes the entries of the folder that holds `key` durable. Returns 0 or the errno.
int sync_folder(int root, const std::string& key);

/// A name beside `key` that no key can have and no process uses.
std::string temporary_beside(const std::string& key);
/// True for names that list() and keys never show.
bool is_hidden(const char* name);

/// Removes the file or folder `key` and all below; adds what stays to `left`.
void remove_tree(int root, const std::string& key, std::vector<failure>& left);
/// Adds the files below the folder `key` (the root when empty) to `found`. Returns 0 or the errno.
int list_tree(int root, const std::string& key, std::vector<object_info>& found);

/// The parts of the store that live in their own files.
std::unique_ptr<appender> open_appender(const directory_root& root, const std::string& key);
std::unique_ptr<hold> try_file_hold(const directory_root& root, const std::string& key);
std::optional<holder> file_held_by(const directory_root& root, const std::string& key);

}  // namespace clusterless::store
