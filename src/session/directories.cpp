// SPDX-License-Identifier: MIT
#include "session/directories.hpp"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <clusterless/error.hpp>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace clusterless::session {

namespace {

namespace fs = std::filesystem;

std::string family_of(pid_t supervisor) {
  const char* base = std::getenv("TMPDIR");
  return std::string(base != nullptr && *base != '\0' ? base : "/tmp") + "/clusterless-" +
         std::to_string(::getuid()) + "-" + std::to_string(supervisor);
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
  fs::create_directories(place(), problem);
  fs::permissions(fs::path(place()).parent_path(), fs::perms::owner_all, problem);
  if (problem || ::mkdtemp(made.data()) == nullptr)
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
