// SPDX-License-Identifier: MIT
#include "session/directories.hpp"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <clusterless/error.hpp>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "os/unique_fd.hpp"

namespace clusterless::session {

namespace {

namespace fs = std::filesystem;

std::string base_of_families() {
  const char* base = std::getenv("TMPDIR");
  return base != nullptr && *base != '\0' ? base : "/tmp";
}
std::string name_of_families() {
  return "clusterless-" + std::to_string(::getuid()) + "-";
}
std::string family_of(pid_t supervisor) {
  return base_of_families() + "/" + name_of_families() + std::to_string(supervisor);
}

os::unique_fd open_family(const std::string& family) {
  return os::unique_fd(
      ::open(family.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
}
bool lock_family(const os::unique_fd& family, int how) {
  int locked = 0;
  do
    locked = ::flock(family.get(), how);
  while (locked != 0 && errno == EINTR);
  return locked == 0;
}
bool is_there(const os::unique_fd& family, const std::string& path) {
  struct stat held {};
  struct stat found {};
  return ::fstat(family.get(), &held) == 0 && ::lstat(path.c_str(), &found) == 0 &&
         held.st_dev == found.st_dev && held.st_ino == found.st_ino;
}

/// Of a program that is no worker: removed when it ends.
class own_directories {
 public:
  own_directories() : owner_(::getpid()), family_(family_of(owner_)) {}
  own_directories(const own_directories&) = delete;
  own_directories& operator=(const own_directories&) = delete;
  ~own_directories() {
    std::error_code ignored;
    if (::getpid() == owner_) fs::remove_all(family_, ignored);  // not in a child that was forked
  }
  std::string place() const { return family_ + "/" + std::to_string(owner_); }

 private:
  pid_t owner_;
  std::string family_;
};

/// Where this process makes its directories; empty until it is known.
std::string& place() {
  static auto* where = new std::string;
  return *where;
}

/// The same for a signal handler, which can make no text.
struct last_will {
  char family[4096];
  char of_worker[4096];
  char of_supervisor[4096];
};
last_will will;

/// Makes `where` in its family and holds the family for as long as this process lives, so that
/// nobody takes it for one that was left. It may be removed by others until it is held.
bool make_place(const std::string& where) {
  static os::unique_fd held;
  const std::string family = fs::path(where).parent_path();
  std::error_code problem;
  for (int tries = 0; tries < 100; ++tries) {
    fs::create_directories(family, problem);
    if (problem) return false;
    os::unique_fd mine = open_family(family);
    if (mine && lock_family(mine, LOCK_SH) && !is_there(mine, family)) continue;
    fs::create_directory(where, problem);
    if (problem == std::errc::no_such_file_or_directory) continue;
    if (!problem) held = std::move(mine);
    return !problem;
  }
  return false;
}

}  // namespace

void settle_directories(pid_t supervisor) {
  const std::string family = family_of(supervisor);
  place() = family + "/" + std::to_string(::getpid());
  const std::string theirs = family + "/" + std::to_string(supervisor);
  if (place().size() >= sizeof will.of_worker || theirs.size() >= sizeof will.of_supervisor) return;
  theirs.copy(will.of_supervisor, theirs.size());
  place().copy(will.of_worker, place().size());
  family.copy(will.family, family.size());
}

std::string make_directory(const std::string& kind) {
  if (place().empty()) {
    static const own_directories own;
    place() = own.place();
  }
  std::string made = place() + "/" + kind + "-XXXXXX";
  std::error_code problem;
  const bool placed = make_place(place());
  fs::permissions(fs::path(place()).parent_path(), fs::perms::owner_all, problem);
  if (!placed || problem || ::mkdtemp(made.data()) == nullptr)
    throw error(error_kind::failed, "no directory can be made as " + made +
                                        "; set TMPDIR to a directory that can be written");
  return made;
}

void remove_directories_of(pid_t process) {
  const std::string family = family_of(::getpid());
  std::error_code ignored;
  fs::remove_all(family + "/" + std::to_string(process), ignored);
  fs::remove(family, ignored);  // when it is empty
}

std::vector<std::string> remove_left_directories() {
  std::vector<std::string> removed;
  std::error_code problem;
  const std::string name = name_of_families();
  for (fs::directory_iterator at(base_of_families(), problem), end; !problem && at != end;
       at.increment(problem)) {
    const std::string path = at->path();
    if (!at->path().filename().string().starts_with(name)) continue;
    const os::unique_fd family = open_family(path);
    struct stat facts {};
    if (!family || ::fstat(family.get(), &facts) != 0 || facts.st_uid != ::getuid()) continue;
    // Whoever has a place in it, in this container or another, has it locked.
    if (!lock_family(family, LOCK_EX | LOCK_NB) || !is_there(family, path)) continue;
    std::error_code refused;
    fs::remove_all(path, refused);
    if (!refused) removed.push_back(path);
  }
  return removed;
}

void end_group_without_supervisor() noexcept {
  const pid_t group = ::getpgrp();
  const bool any = will.family[0] != '\0' && ::access(will.family, F_OK) == 0;
  const pid_t heir = any ? ::_Fork() : -1;
  if (heir == 0) {
    ::setsid();
    ::kill(-group, SIGKILL);
    ::execl("/bin/sh", "sh", "-c", "rm -rf -- \"$2\" \"$3\"; rmdir -- \"$1\" 2> /dev/null", "sh",
            will.family, will.of_worker, will.of_supervisor, static_cast<char*>(nullptr));
    ::_exit(127);
  }
  while (heir > 0 && ::waitpid(heir, nullptr, 0) < 0 && errno == EINTR) {
  }
  ::kill(0, SIGKILL);
}

}  // namespace clusterless::session
