// SPDX-License-Identifier: MIT
#include "config/wording.hpp"

#include <array>

#include <doctest/doctest.h>

namespace config = clusterless::config;

TEST_CASE("quoting shows what would be invisible and cuts what is long") {
  CHECK(config::in_quotes("plain") == "\"plain\"");
  CHECK(config::in_quotes("a\nb\tc\"d\\") == "\"a\\nb\\tc\\\"d\\\\\"");
  CHECK(config::in_quotes(std::string_view("\0\x7f", 2)) == "\"\\x00\\x7f\"");
  CHECK(config::in_quotes("é") == "\"é\"");
  CHECK(config::in_quotes("\xff\xc3") == "\"\\xff\\xc3\"");
  CHECK(config::in_quotes("abcdef", 3) == "\"abc\"…");
  CHECK(config::in_quotes("abé", 3) == "\"ab\"…");
}

TEST_CASE("an edit is an insertion, a deletion, a replacement or a swap of neighbours") {
  CHECK(config::edit_distance("", "") == 0);
  CHECK(config::edit_distance("abc", "abc") == 0);
  CHECK(config::edit_distance("", "abc") == 3);
  CHECK(config::edit_distance("abc", "") == 3);
  CHECK(config::edit_distance("COUNT", "CUONT") == 1);
  CHECK(config::edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("the nearest word is found whatever its case and underscores") {
  constexpr std::array<std::string_view, 3> known = {"_POOL_COUNT", "_POOL_ID", "_VERBOSE"};

  CHECK(config::nearest("_POOL_CUONT", known) == "_POOL_COUNT");
  CHECK(config::nearest("poolcount", known) == "_POOL_COUNT");
  CHECK(config::nearest("pool-id", known) == "_POOL_ID");
  CHECK(config::nearest("VERBOS", known) == "_VERBOSE");
  CHECK(config::nearest("colour", known).empty());
  CHECK(config::nearest("", known).empty());
  CHECK(config::nearest(std::string(100'000, '_'), known).empty());
}
