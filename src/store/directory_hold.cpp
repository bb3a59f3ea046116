// SPDX-License-Identifier: MIT
// Exclusive rights in the directory store: a lock on a file, which the kernel drops when the
// holder's last descriptor goes, and the holder's identity as the file's text. Locks of the open
// file description, not of the process: two jobs of one process exclude each other too. A child
// forked from the holder shares them until it runs another program.
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <fstream>
#include <iterator>
#include <string_view>

#include "store/directory_files.hpp"

namespace clusterless::store {
namespace {

constexpr std::size_t max_identity = 1024;

class file_hold final : public hold {
 public:
  explicit file_hold(descriptor fd) : fd_(std::move(fd)) {}

 private:
  descriptor fd_;
};

struct flock whole_file(short type) {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

/// Field 22 of /proc/self/stat (proc(5)): start time in clock ticks since boot.
std::uint64_t own_start_time() {
  std::ifstream file("/proc/self/stat");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  auto at = text.rfind(')');
  for (int field = 2; field < 22 && at != std::string::npos; ++field)
    at = text.find(' ', at + 1);
  std::uint64_t ticks = 0;
  if (at != std::string::npos)
    std::from_chars(text.data() + at + 1, text.data() + text.size(), ticks);
  return ticks;
}

std::string own_identity() {
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  timespec now = {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const std::int64_t ms = static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
  return std::string("host ") + host + "\npid " + std::to_string(::getpid()) + "\nstarted " +
         std::to_string(own_start_time()) + "\nsince_ms " + std::to_string(ms) + "\n";
}

template <class T>
void read_number(std::string_view text, T& into) {
  std::from_chars(text.data(), text.data() + text.size(), into);
}

holder parse_identity(std::string_view text) {
  holder who;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const auto space = line.find(' ');
    if (space == std::string_view::npos) continue;
    const std::string_view name = line.substr(0, space);
    const std::string_view value = line.substr(space + 1);
    if (name == "host") who.host = std::string(value);
    if (name == "pid") read_number(value, who.pid);
    if (name == "started") read_number(value, who.started);
    if (name == "since_ms") read_number(value, who.since_ms);
  }
  if (who.host.empty()) who.host = "unknown";
  return who;
}

/// Whether `fd` is still what the name `key` leads to: the file may be removed between its opening
/// and its locking, and a lock on a removed file excludes nobody.
bool is_current(int root, const std::string& key, int fd) {
  struct stat named, opened;
  return ::fstatat(root, key.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         ::fstat(fd, &opened) == 0 && named.st_ino == opened.st_ino &&
         named.st_dev == opened.st_dev;
}

}  // namespace

std::unique_ptr<hold> try_file_hold(const directory_root& root, const std::string& key) {
  const std::string path = root.path + "/" + key;
  constexpr int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
  for (;;) {
    descriptor fd(::openat(root.fd, key.c_str(), flags, 0600));
    if (!fd && errno == ENOENT) {
      if (const int cause = make_folders(root.fd, key)) throw_io("lock", path, cause, root.path);
      fd = descriptor(::openat(root.fd, key.c_str(), flags, 0600));
    }
    if (!fd) throw_io("lock", path, errno, root.path);
    struct flock lock = whole_file(F_WRLCK);
    if (::fcntl(fd.get(), F_OFD_SETLK, &lock) != 0) {
      if (errno == EAGAIN || errno == EACCES) return nullptr;
      throw_io("lock", path, errno, root.path);
    }
    if (!is_current(root.fd, key, fd.get())) continue;
    const std::string identity = own_identity();
    const bytes text = std::as_bytes(std::span(identity));
    int cause = ::ftruncate(fd.get(), 0) == 0 ? 0 : errno;
    if (cause == 0) cause = write_all(fd.get(), 0, {&text, 1});
    // A full store must still let a job be taken up or destroyed: the lock counts, not the text.
    if (cause != 0 && cause != ENOSPC && cause != EDQUOT) throw_io("lock", path, cause, root.path);
    return std::make_unique<file_hold>(std::move(fd));
  }
}

std::optional<holder> file_held_by(const directory_root& root, const std::string& key) {
  const descriptor fd(
      ::openat(root.fd, key.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw_io("examine", root.path + "/" + key, errno, root.path);
  }
  struct flock lock = whole_file(F_WRLCK);
  if (::fcntl(fd.get(), F_OFD_GETLK, &lock) != 0)
    throw_io("examine", root.path + "/" + key, errno, root.path);
  if (lock.l_type == F_UNLCK) return std::nullopt;
  char text[max_identity];
  const auto n = read_all(fd.get(), 0, std::as_writable_bytes(std::span(text)));
  return parse_identity({text, n > 0 ? static_cast<std::size_t>(n) : 0});
}

}  // namespace clusterless::store
