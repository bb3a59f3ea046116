// SPDX-License-Identifier: MIT
#include "os/foreground.hpp"

#include <doctest/doctest.h>
#include <signal.h>

#include <clusterless/error.hpp>

namespace {

using namespace clusterless;
using namespace std::chrono_literals;

os::command_line shell(const std::string& script) {
  return {.file = "/bin/sh", .arguments = {"sh", "-c", script}};
}

}  // namespace

TEST_CASE("a program in the foreground is told its directory and environment") {
  auto command = shell("test \"$(pwd)\" = / && exit \"$CODE\"");
  command.directory = "/";
  command.environment = {{"CODE", "7"}};

  const auto end = os::run_in_foreground(command);

  CHECK(end.exit_code == 7);
  CHECK(end.signal == 0);
}

TEST_CASE("a program that a signal ended says which") {
  CHECK(os::run_in_foreground(shell("kill -SEGV $$")).signal == SIGSEGV);
}

TEST_CASE("a program that is not there is named, and so is a missing directory") {
  CHECK_THROWS_WITH_AS(os::run_in_foreground({.file = "/no/such", .arguments = {"x"}}),
                       doctest::Contains("/no/such: No such file"), error);
  auto command = shell("true");
  command.directory = "/no/directory";
  CHECK_THROWS_WITH_AS(os::run_in_foreground(command), doctest::Contains("/no/directory"), error);
}

TEST_CASE("a program that is asked answers with all that it prints") {
  const auto got = os::ask_program(shell("echo to me; echo and me >&2; exit 3"), 60s);

  CHECK(got.in_time);
  CHECK(got.end.exit_code == 3);
  CHECK(got.output == "to me\nand me\n");
}

TEST_CASE("a program that does not answer is ended, with what it started") {
  const auto got = os::ask_program(shell("echo hm; cat /dev/zero > /dev/null & wait"), 200ms);

  CHECK_FALSE(got.in_time);
  CHECK(got.output == "hm\n");
}
