// SPDX-License-Identifier: MIT
#include "store/range_index.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>

using namespace clusterless::store;

TEST_CASE("an item is found in the range that holds it, and nowhere else") {
  range_index index;
  index.add({10, 5}, {1, 100, 0});
  index.add({0, 3}, {2, 200, 7});

  CHECK(index.find(12) == item_place{1, 100, 2});
  CHECK(index.find(2) == item_place{2, 200, 9});
  CHECK(!index.find(3));
  CHECK(!index.find(15));
  index.settle();
  CHECK(index.find(12) == item_place{1, 100, 2});
  CHECK(index.find(2) == item_place{2, 200, 9});
  CHECK(!index.find(3));
  CHECK(!index.find(15));
}

TEST_CASE("a range added after settle replaces what it covers and leaves the rest") {
  range_index index;
  index.add({0, 10}, {0, 0, 0});
  index.add({10, 10}, {0, 50, 0});
  index.settle();
  index.add({8, 4}, {1, 900, 0});

  for (int round = 0; round < 2; ++round) {
    CHECK(index.find(7) == item_place{0, 0, 7});
    CHECK(index.find(8) == item_place{1, 900, 0});
    CHECK(index.find(11) == item_place{1, 900, 3});
    CHECK(index.find(12) == item_place{0, 50, 2});
    index.settle();
  }
}

TEST_CASE("any order of additions gives what a map of single items gives") {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    range_index index;
    std::map<std::uint64_t, item_place> expected;
    for (std::uint64_t frame = 1; frame <= 40; ++frame) {
      const item_range range{random() % 100, 1 + random() % 20};
      bool overlaps = false;
      for (std::uint64_t i = range.first; i < range.end(); ++i)
        overlaps = overlaps || expected.count(i) != 0;
      if (overlaps) index.settle();
      index.add(range, {0, frame, 3});
      for (std::uint64_t i = range.first; i < range.end(); ++i)
        expected[i] = {0, frame, 3 + i - range.first};
    }
    for (std::uint64_t i = 0; i < 130; ++i) {
      const auto found = index.find(i);
      REQUIRE(found.has_value() == (expected.count(i) != 0));
      if (found) REQUIRE(*found == expected[i]);
    }
  }
}
