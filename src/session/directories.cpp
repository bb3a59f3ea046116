// SPDX-License-Identifier: MIT
#include "session/directories.hpp"

#include <unistd.h>

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

}  // namespace

void settle_directories(pid_t supervisor) {
  place() = family_of(supervisor) + "/" + std::to_string(::getpid());
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

}  // namespace clusterless::session
