// SPDX-License-Identifier: MIT
// The small pure parts: tables, what is safe on a terminal, limits of cgroups, breakpoints.
#include <doctest/doctest.h>

#include <clusterless/error.hpp>

#include "cli/completion.hpp"
#include "cli/console.hpp"
#include "cli/debugger.hpp"
#include "cli/doctor.hpp"

using namespace clusterless;

TEST_CASE("columns are as wide as their widest text, counted in characters") {
  cli::table rows({"JOB", "DONE"});
  rows.add({{"Z\xc3\xbcrich"}, {"7"}});
  rows.add({{"b"}, {"100"}});

  CHECK(rows.text(cli::console({}), {1}) ==
        "JOB     DONE\n"
        "Z\xc3\xbcrich     7\n"
        "b        100\n");
}

TEST_CASE("text from outside cannot steer a terminal") {
  CHECK(cli::on_one_line("a\033[2Jb\n") == "a\\x1b[2Jb\\x0a");
  CHECK(cli::first_line("one\ttwo\nthree") == "one\\x09two");
  CHECK(cli::on_its_lines("a\033]0;b\a\n\tc\r\n") == "a\\x1b]0;b\\x07\n\tc\\x0d\n");
  CHECK(cli::on_its_lines("Z\xc3\xbcrich \xc2\x9b"
                          "31m") ==
        "Z\xc3\xbcrich \\xc2\\x9b"
        "31m");
}

TEST_CASE("bytes that are no UTF-8 are shown as such, as terminals take some for controls") {
  CHECK(cli::on_one_line("a\x9b"
                         "31m\xff") == "a\\x9b31m\\xff");
  CHECK(cli::on_its_lines("\xc2") == "\\xc2");
  CHECK(cli::on_one_line("\xe2\x82") == "\\xe2\\x82");
  CHECK(cli::on_one_line("\xe2\x82\xac \x7f") == "\xe2\x82\xac \\x7f");
}

TEST_CASE("values on a terminal cannot steer it, and read back as they were") {
  const std::string text =
      "Z\xc3\xbcrich \xc2\x9b"
      "31m \x7f \x1b[2J\n";
  const cli::json value = {{text, {text, 1.5}}};

  const std::string shown = cli::json_text(value);

  CHECK(cli::on_one_line(shown) == shown);
  CHECK(shown.find("Z\xc3\xbcrich \\u009b31m \\u007f \\u001b[2J\\n") != std::string::npos);
  CHECK(cli::json::parse(shown) == value);
  CHECK(cli::json::parse(cli::json_text(value, 2)) == value);
  CHECK(cli::json_text("\xc2") == "\"\xef\xbf\xbd\"");
}

TEST_CASE("limits of cgroups lower what the machine has") {
  CHECK(cli::limited_by(1000, "max") == 1000);
  CHECK(cli::limited_by(1000, "10") == 10);
  CHECK(cli::limited_by(1000, "2000") == 1000);
  CHECK(cli::limited_by(1000, "") == 1000);
  CHECK(cli::cores_allowed(8, "200000 100000") == 2);
  CHECK(cli::cores_allowed(8, "max 100000") == 8);
  CHECK(cli::cores_allowed(1, "400000 100000") == 1);
  CHECK(cli::cores_allowed(8, "") == 8);
}

TEST_CASE("gdb is told the names of functions and not those of lambdas") {
  CHECK(cli::breakpoint_for("ns::shoot(int)") == "ns::shoot(int)");
  CHECK(cli::breakpoint_for("main(int, char**)::<lambda(int)>").empty());
  CHECK(cli::breakpoint_for("main::{lambda(int)#1}").empty());
  CHECK(cli::breakpoint_for("program+0x1234").empty());
  CHECK(cli::breakpoint_for("").empty());
}

TEST_CASE("completion scripts ask for the jobs of the store") {
  for (const char* shell : {"bash", "zsh", "fish"})
    CHECK(cli::completion_script(shell).find("clusterless jobs --names") != std::string::npos);
  CHECK_THROWS_AS(cli::completion_script("csh"), error);
}
