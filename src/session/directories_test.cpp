// SPDX-License-Identifier: MIT
#include "session/directories.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <clusterless/file.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace clusterless {

namespace fs = std::filesystem;

TEST_CASE("directories are new each time and private") {
  const std::string one = session::make_directory("item");
  const std::string other = session::make_directory("item");

  CHECK(one != other);
  CHECK(fs::is_directory(one));
  CHECK(fs::status(one).permissions() == fs::perms::owner_all);
}

TEST_CASE("the supervisor removes what a worker has left, and nobody else's") {
  const std::string ours = session::make_directory("item");
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    session::settle_directories(::getppid());
    const std::string made = session::make_directory("file");
    const auto written = ::write(ends[1], made.data(), made.size());
    ::_exit(written == static_cast<ssize_t>(made.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(status == 0);
  char name[4096];
  const ssize_t n = ::read(ends[0], name, sizeof name);
  ::close(ends[0]);
  REQUIRE(n > 0);
  const fs::path theirs(std::string(name, static_cast<std::size_t>(n)));
  REQUIRE(fs::is_directory(theirs));

  session::remove_directories_of(child);

  CHECK(!fs::exists(theirs));
  CHECK(fs::is_directory(ours));
}

namespace {

/// A family of directories as a program with a number that is free leaves it.
fs::path left_by(const std::string& number, const std::string& user) {
  const char* base = std::getenv("TMPDIR");
  const fs::path left = fs::path(base != nullptr && *base != '\0' ? base : "/tmp") /
                        ("clusterless-" + user + "-" + number);
  fs::create_directories(left / number / "item-a");
  return left;
}

}  // namespace

TEST_CASE("directories of programs that are gone are removed, those of whoever lives are not") {
  const std::string user = std::to_string(::getuid());
  const std::string none = std::to_string(1 << 30);  // no process has this number
  const fs::path ours = session::make_directory("item");
  const fs::path left = left_by(none, user);
  const fs::path foreign = left_by(none, user + "0");

  const auto removed = session::remove_left_directories();

  CHECK(std::find(removed.begin(), removed.end(), left) != removed.end());
  CHECK(!fs::exists(left));
  CHECK(fs::is_directory(ours));
  CHECK(fs::is_directory(foreign));
  fs::remove_all(foreign);
}

TEST_CASE("nobody's clean-up takes away what is being made") {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    session::settle_directories((1 << 30) + 1);
    for (int i = 0; i < 1000; ++i)
      if (!fs::is_directory(session::make_directory("item"))) ::_exit(1);
    ::_exit(0);
  }
  int status = -1;
  while (::waitpid(child, &status, WNOHANG) == 0)
    session::remove_left_directories();

  CHECK(status == 0);
  session::remove_left_directories();
}

TEST_CASE("a file that was named needs no directory, one that was received gets its own") {
  CHECK(file("some/model.dat").path() == "some/model.dat");

  std::string where;
  {
    const file held = file::from_contents("model.dat", "x");
    where = held.path();
    CHECK(fs::path(where).filename() == "model.dat");
    CHECK(fs::exists(where));
    const file copy = held;
    CHECK(copy.path() == where);
  }
  CHECK(!fs::exists(where));
}

}  // namespace clusterless
