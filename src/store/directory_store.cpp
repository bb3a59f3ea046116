// SPDX-License-Identifier: MIT
#include "store/directory_store.hpp"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <clusterless/error.hpp>
#include <cstdlib>
#include <filesystem>
#include <mutex>

#include "store/directory_files.hpp"

namespace clusterless::store {
namespace {

void check_directory(int fd, const std::string& path) {
  struct stat info;
  if (::fstat(fd, &info) != 0) throw_io("examine", path, errno, path);
  if (info.st_uid != ::geteuid())
    throw error(error_kind::misuse, "store " + path + " belongs to user " +
                                        std::to_string(info.st_uid) + ", not to you (user " +
                                        std::to_string(::geteuid()) +
                                        "); choose another directory with CLUSTERLESS_STORE");
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    throw error(error_kind::misuse, "store " + path +
                                        " may be written by other users; run `chmod go-w " + path +
                                        "` or choose another directory with CLUSTERLESS_STORE");
}

class directory_store final : public object_store {
 public:
  explicit directory_store(std::string path) : path_(std::move(path)) {}

  std::string place(const std::string& key) const override {
    return key.empty() ? path_ : path_ + "/" + key;
  }
  std::optional<buffer> get(const std::string& key) const override;
  std::size_t read(const std::string& key, std::uint64_t offset,
                   std::span<std::byte> into) const override;
  std::optional<std::uint64_t> size(const std::string& key) const override;
  std::uint64_t zeros_until(const std::string& key, std::uint64_t offset) const override;
  std::vector<object_info> list(const std::string& prefix) const override;
  void put(const std::string& key, bytes content) override;
  bool put_new(const std::string& key, bytes content) override;
  std::vector<failure> remove(const std::string& prefix) override;
  std::unique_ptr<appender> append_to(const std::string& key) override;
  std::unique_ptr<hold> try_hold(const std::string& key) override;
  std::optional<holder> held_by(const std::string& key) const override;

 private:
  int root(bool create) const;
  directory_root writable_root() const { return {root(true), path_}; }
  descriptor open_to_read(const std::string& key) const;
  std::string write_temporary(int root, const std::string& key, bytes content);
  bool link_new(int root, const std::string& temporary, const std::string& key);

  std::string path_;
  mutable std::mutex opening_;
  mutable std::atomic<int> fd_ = -1;
  mutable descriptor owned_;
};

/// The open directory; -1 when there is none and `create` is false.
int directory_store::root(bool create) const {
  if (const int fd = fd_.load(std::memory_order_acquire); fd >= 0) return fd;
  const std::lock_guard lock(opening_);
  if (owned_) return owned_.get();
  if (create) {
    std::error_code cause;
    const auto parent = std::filesystem::path(path_).parent_path();
    std::filesystem::create_directories(parent, cause);
    if (::mkdir(path_.c_str(), 0700) != 0 && errno != EEXIST)
      throw_io("make the store", path_, errno, path_);
  }
  descriptor fd(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) {
    if (errno == ENOENT && !create) return -1;
    throw_io("open the store", path_, errno, path_);
  }
  check_directory(fd.get(), path_);
  owned_ = std::move(fd);
  fd_.store(owned_.get(), std::memory_order_release);
  return owned_.get();
}

descriptor directory_store::open_to_read(const std::string& key) const {
  check_key(key);
  const int dir = root(false);
  if (dir < 0) return {};
  descriptor fd(::openat(dir, key.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd && errno != ENOENT && errno != ENOTDIR) throw_io("read", place(key), errno, path_);
  return fd;
}

std::optional<buffer> directory_store::get(const std::string& key) const {
  const descriptor fd = open_to_read(key);
  if (!fd) return std::nullopt;
  struct stat info;
  if (::fstat(fd.get(), &info) != 0) throw_io("read", place(key), errno, path_);
  if (!S_ISREG(info.st_mode)) return std::nullopt;
  buffer content;
  const auto n = static_cast<std::size_t>(info.st_size);
  if (n == 0) return content;
  const auto done = read_all(fd.get(), 0, {content.extend(n), n});
  if (done < 0) throw_io("read", place(key), errno, path_);
  content.shrink_to(static_cast<std::size_t>(done));
  return content;
}

std::size_t directory_store::read(const std::string& key, std::uint64_t offset,
                                  std::span<std::byte> into) const {
  const descriptor fd = open_to_read(key);
  if (!fd) throw_io("read", place(key), ENOENT, path_);
  const auto done = read_all(fd.get(), offset, into);
  if (done < 0) throw_io("read", place(key), errno, path_);
  return static_cast<std::size_t>(done);
}

std::uint64_t directory_store::zeros_until(const std::string& key, std::uint64_t offset) const {
  const descriptor fd = open_to_read(key);
  if (!fd) return offset;
  const off_t data = ::lseek(fd.get(), static_cast<off_t>(offset), SEEK_DATA);
  if (data >= 0) return static_cast<std::uint64_t>(data);
  // ENXIO: no data up to the end. A file system without holes has other answers.
  const off_t end = errno == ENXIO ? ::lseek(fd.get(), 0, SEEK_END) : -1;
  return std::max(offset, end < 0 ? 0 : static_cast<std::uint64_t>(end));
}

std::optional<std::uint64_t> directory_store::size(const std::string& key) const {
  check_key(key);
  const int dir = root(false);
  struct stat info;
  if (dir < 0) return std::nullopt;
  if (::fstatat(dir, key.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw_io("examine", place(key), errno, path_);
  }
  if (!S_ISREG(info.st_mode)) return std::nullopt;
  return static_cast<std::uint64_t>(info.st_size);
}

std::vector<object_info> directory_store::list(const std::string& prefix) const {
  if (!prefix.empty()) check_key(prefix);
  std::vector<object_info> found;
  if (!prefix.empty())
    if (const auto n = size(prefix)) return {{prefix, *n}};
  const int dir = root(false);
  if (dir < 0) return found;
  if (const int cause = list_tree(dir, prefix, found))
    throw_io("list", place(prefix), cause, path_);
  std::sort(found.begin(), found.end(),
            [](const object_info& a, const object_info& b) { return a.key < b.key; });
  return found;
}

/// A synced file beside `key` that holds `content`; returns its name.
std::string directory_store::write_temporary(int root, const std::string& key, bytes content) {
  std::string temporary = temporary_beside(key);
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  descriptor fd(::openat(root, temporary.c_str(), flags, 0600));
  if (!fd && errno == ENOENT) {
    if (const int cause = make_folders(root, key))
      throw_io("write", place(key), cause, path_, content.size());
    fd = descriptor(::openat(root, temporary.c_str(), flags, 0600));
  }
  if (!fd) throw_io("write", place(key), errno, path_, content.size());
  int cause = write_all(fd.get(), 0, {&content, 1});
  if (cause == 0 && ::fsync(fd.get()) != 0) cause = errno;
  if (cause != 0) {
    ::unlinkat(root, temporary.c_str(), 0);
    throw_io("write", place(key), cause, path_, content.size());
  }
  return temporary;
}

void directory_store::put(const std::string& key, bytes content) {
  check_key(key);
  const int dir = root(true);
  const std::string temporary = write_temporary(dir, key, content);
  if (::renameat(dir, temporary.c_str(), dir, key.c_str()) != 0) {
    const int cause = errno;
    ::unlinkat(dir, temporary.c_str(), 0);
    throw_io("write", place(key), cause, path_, content.size());
  }
  if (const int cause = sync_folder(dir, key))
    throw_io("write", place(key), cause, path_, content.size());
}

bool directory_store::put_new(const std::string& key, bytes content) {
  check_key(key);
  const int dir = root(true);
  if (size(key)) return false;
  const std::string temporary = write_temporary(dir, key, content);
  bool won = false;
  try {
    won = link_new(dir, temporary, key);
  } catch (...) {
    ::unlinkat(dir, temporary.c_str(), 0);
    throw;
  }
  ::unlinkat(dir, temporary.c_str(), 0);
  if (const int cause = sync_folder(dir, key))
    throw_io("write", place(key), cause, path_, content.size());
  return won;
}

bool directory_store::link_new(int root, const std::string& temporary, const std::string& key) {
  if (::linkat(root, temporary.c_str(), root, key.c_str(), 0) == 0) return true;
  const int cause = errno;
  // Over NFS the reply to a link that worked may be lost and its repetition fail.
  struct stat info;
  if (::fstatat(root, temporary.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && info.st_nlink == 2)
    return true;
  if (cause == EEXIST) return false;
  const bool no_links = cause == EPERM || cause == EOPNOTSUPP || cause == ENOSYS;
  if (!no_links) throw_io("create", place(key), cause, path_);
  if (::renameat2(root, temporary.c_str(), root, key.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno == EEXIST) return false;
  throw_io("create", place(key), errno, path_);
}

std::vector<failure> directory_store::remove(const std::string& prefix) {
  check_key(prefix);
  std::vector<failure> left;
  const int dir = root(false);
  if (dir < 0) return left;
  remove_tree(dir, prefix, left);
  const int cause = sync_folder(dir, prefix);
  if (cause != 0 && cause != ENOENT && cause != ENOTDIR)
    left.push_back({prefix, errno_text(cause)});
  return left;
}

std::unique_ptr<appender> directory_store::append_to(const std::string& key) {
  check_key(key);
  return open_appender(writable_root(), key);
}

std::unique_ptr<hold> directory_store::try_hold(const std::string& key) {
  check_key(key);
  return try_file_hold(writable_root(), key);
}

std::optional<holder> directory_store::held_by(const std::string& key) const {
  check_key(key);
  const int dir = root(false);
  if (dir < 0) return std::nullopt;
  return file_held_by({dir, path_}, key);
}

// A file above the limit of `ulimit -f` is an error like a full disk; unhandled, the signal ends
// the program without a word. A handler of the program's own stays; programs it starts have none.
void report_file_size_limit() {
  struct sigaction now {};
  if (::sigaction(SIGXFSZ, nullptr, &now) != 0 || now.sa_handler != SIG_DFL) return;
  struct sigaction ours {};
  ours.sa_handler = [](int) {};
  ours.sa_flags = SA_RESTART;
  ::sigaction(SIGXFSZ, &ours, nullptr);
}

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

std::unique_ptr<object_store> open_directory_store(const std::string& path) {
  if (path.empty()) throw error(error_kind::misuse, "the store has an empty path");
  report_file_size_limit();
  // An absolute path, so that a later change of the working directory does not move the store.
  auto absolute = std::filesystem::absolute(path).lexically_normal();
  if (!absolute.has_filename()) absolute = absolute.parent_path();
  return std::make_unique<directory_store>(absolute.string());
}

std::string default_store_path() {
  if (auto chosen = from_environment("CLUSTERLESS_STORE"); !chosen.empty()) return chosen;
  // The XDG base directory specification has relative paths ignored.
  const auto state = from_environment("XDG_STATE_HOME");
  if (!state.empty() && state.front() == '/') return state + "/clusterless";
  if (const auto home = from_environment("HOME"); !home.empty())
    return home + "/.local/state/clusterless";
  throw error(error_kind::misuse,
              "there is no place for the store of named jobs: HOME is not set; name a directory "
              "with CLUSTERLESS_STORE");
}

}  // namespace clusterless::store
