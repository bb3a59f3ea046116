// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <clusterless/file.hpp>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <system_error>

#include "os/unique_fd.hpp"
#include "session/context.hpp"
#include "session/directories.hpp"

namespace clusterless {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void cannot(const char* what, const std::string& path) {
  throw error(error_kind::failed,
              std::string("cannot ") + what + " the file " + path + ": " + std::strerror(errno));
}

bool plain_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.size() <= 255 &&
         name.find('/') == std::string::npos && name.find('\0') == std::string::npos;
}

void check_name(const std::string& name, const std::string& given) {
  if (!plain_name(name))
    throw error(error_kind::misuse, "'" + given +
                                        "' does not end in a plain file name (no '/', "
                                        "not '.' or '..', 1 to 255 bytes)");
}

bool write_all(int fd, const char* from, std::size_t n) {
  while (n != 0) {
    const ssize_t written = ::write(fd, from, n);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    from += written;
    n -= static_cast<std::size_t>(written);
  }
  return true;
}

void write_file(const std::string& path, const std::string& contents, std::uint32_t mode) {
  // What is put there replaces what was: never a device, a pipe or a link to one.
  struct stat there {};
  if (::lstat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode))
    throw error(error_kind::misuse,
                "cannot write " + path + ": it is no regular file; name another one");
  std::string temporary = (fs::path(path).parent_path() / ".clusterless-XXXXXX").string();
  const os::unique_fd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd) cannot("write", path);
  if (!write_all(fd.get(), contents.data(), contents.size()) ||
      ::fchmod(fd.get(), mode & 0777) != 0 || ::rename(temporary.c_str(), path.c_str()) != 0) {
    const int why = errno;
    ::unlink(temporary.c_str());
    errno = why;
    cannot("write", path);
  }
}

}  // namespace

/// Contents that came over the wire, and the private copy on disk once somebody asked for it.
struct file::held {
  std::string contents;
  std::uint32_t mode = 0644;
  std::mutex mutex;
  std::string directory;

  ~held() {
    std::error_code ignored;
    if (!directory.empty()) fs::remove_all(directory, ignored);
  }
};

file::file(std::string path) : path_(std::move(path)) {
  name_ = fs::path(path_).filename().string();
  check_name(name_, path_);
}

file file::from_contents(std::string name, std::string contents) {
  check_name(name, name);
  file made;
  made.name_ = std::move(name);
  made.held_ = std::make_shared<held>();
  made.held_->contents = std::move(contents);
  return made;
}

std::string file::path() const {
  if (!held_) {
    const std::string& scratch = session::this_context().scratch;
    if (scratch.empty() || fs::path(path_).is_absolute()) return path_;
    const std::string there = scratch + "/" + path_;
    return ::access(there.c_str(), F_OK) == 0 ? there : path_;
  }
  const std::lock_guard lock(held_->mutex);
  if (held_->directory.empty()) {
    held_->directory = session::make_directory("file");
    write_file(held_->directory + "/" + name_, held_->contents, held_->mode);
  }
  return held_->directory + "/" + name_;
}

std::string file::contents() const {
  if (held_) return held_->contents;
  const std::string from = path();
  const os::unique_fd fd(::open(from.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct stat facts {};
  if (!fd || ::fstat(fd.get(), &facts) != 0) cannot("read", from);
  if (!S_ISREG(facts.st_mode)) {
    errno = S_ISDIR(facts.st_mode) ? EISDIR : EINVAL;
    cannot("read", from);
  }
  // The size is a hint: files of /proc have none, and one may be growing.
  std::string all(static_cast<std::size_t>(facts.st_size) + 1, '\0');
  std::size_t got = 0;
  for (;;) {
    if (got == all.size()) all.resize(2 * all.size() + 4096);
    const ssize_t n = ::read(fd.get(), all.data() + got, all.size() - got);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) cannot("read", from);
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  all.resize(got);
  return all;
}

std::size_t file::size() const {
  if (held_) return held_->contents.size();
  struct stat facts {};
  const std::string at = path();
  if (::stat(at.c_str(), &facts) != 0) cannot("read", at);
  return static_cast<std::size_t>(facts.st_size);
}

void file::save(const std::string& to) const {
  std::error_code ignored;
  const std::string where = fs::is_directory(to, ignored) ? to + "/" + name_ : to;
  std::uint32_t mode = 0644;
  if (held_) {
    mode = held_->mode;
  } else {
    struct stat facts {};
    if (::stat(path().c_str(), &facts) == 0) mode = facts.st_mode;
  }
  write_file(where, contents(), mode);
}

void file::put(writer& out) const {
  check_name(name_, name_);
  std::uint32_t mode = 0644;
  if (held_) {
    mode = held_->mode;
  } else {
    struct stat facts {};
    const std::string at = path();
    if (::stat(at.c_str(), &facts) != 0) cannot("read", at);
    mode = facts.st_mode & 0777;
  }
  codec<std::string>::put(out, name_);
  out.put_raw(mode);
  codec<std::string>::put(out, contents());
}

file file::get(reader& in) {
  file made;
  made.name_ = codec<std::string>::get(in);
  if (!plain_name(made.name_)) detail::throw_bad("a file without a plain file name");
  made.held_ = std::make_shared<held>();
  made.held_->mode = in.get_raw<std::uint32_t>() & 0777;
  made.held_->contents = codec<std::string>::get(in);
  return made;
}

}  // namespace clusterless
