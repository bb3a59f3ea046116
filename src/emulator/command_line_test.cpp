// SPDX-License-Identifier: MIT
#include "emulator/command_line.hpp"

#include <doctest/doctest.h>

using namespace clusterless::emulator;
using words = std::vector<std::string>;

TEST_CASE("a command line is split into words without a shell") {
  CHECK(command_words("/bin/bash -c 'set -e; echo \"$HOME\" > x'") ==
        words{"/bin/bash", "-c", "set -e; echo \"$HOME\" > x"});
  CHECK(command_words(R"(sh -c "echo \"a b\" \\ \n")") == words{"sh", "-c", R"(echo "a b" \ \n)"});
  CHECK(command_words("  a  b\\ c '' ") == words{"a", "b c", ""});
  CHECK(command_words("").empty());
}

TEST_CASE("patterns of output files match paths as the service says") {
  CHECK(matches_pattern("*.txt", "out.txt"));
  CHECK_FALSE(matches_pattern("*.txt", "sub/out.txt"));
  CHECK(matches_pattern("**/*.txt", "sub/deep/out.txt"));
  CHECK(matches_pattern("**/*.txt", "out.txt"));
  CHECK(matches_pattern("**", "sub/out.bin"));
  CHECK(matches_pattern("out-?[0-9].bin", "out-a7.bin"));
  CHECK_FALSE(matches_pattern("out-[!0-9].bin", "out-7.bin"));
  CHECK_FALSE(matches_pattern("*", ".hidden"));
  CHECK_FALSE(matches_pattern("**", "sub/.hidden"));
  CHECK(matches_pattern(".hidden", ".hidden"));
  CHECK(fixed_part("../std*.txt") == "..");
  CHECK(fixed_part("a/b/**/c") == "a/b");
  CHECK(fixed_part("*.txt").empty());
}
