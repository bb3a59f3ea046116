// SPDX-License-Identifier: MIT
#include "session/directories.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <clusterless/file.hpp>
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
