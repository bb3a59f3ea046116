// SPDX-License-Identifier: MIT
// Exclusive rights in the directory store: a lock on a file, which the kernel drops when the
// holder's last descriptor goes, and the holder's identity as the file's text. Locks of the open
// file description, not of the process: two jobs of one process exclude each other too. A child
// forked from the holder shares them until it runs another program.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <string_view>

#include "store/directory_files.hpp"
#include "store/holder.hpp"

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

std::string own_identity() {
  std::string out;
  for (const auto& [name, value] : facts_of(this_holder()))
    out += name + " " + value + "\n";
  return out;
}

holder parse_identity(std::string_view text) {
  std::map<std::string, std::string> facts;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const auto space = line.find(' ');
    if (space != std::string_view::npos)
      facts[std::string(line.substr(0, space))] = line.substr(space + 1);
  }
  return holder_from(facts);
}

/// Who has the lock has written its name or is about to; the name of the one before may be there
/// yet.
holder read_identity(int fd) {
  const std::string here = this_holder().host;
  holder last;
  for (int looks = 0; looks < 50; ++looks) {
    char text[max_identity];
    const auto n = read_all(fd, 0, std::as_writable_bytes(std::span(text)));
    last = parse_identity({text, n > 0 ? static_cast<std::size_t>(n) : 0});
    const bool elsewhere = last.pid != 0 && last.host != here;
    if (elsewhere || is_alive(last)) return last;
    ::usleep(1000);
  }
  return last;
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
  return read_identity(fd.get());
}

}  // namespace clusterless::store
