// SPDX-License-Identifier: MIT
#include "store/item_states.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>

using namespace clusterless::store;

namespace {

std::vector<std::byte> bits(const std::vector<int>& set, std::size_t n) {
  std::vector<std::byte> map((n + 7) / 8);
  for (const int i : set)
    map[static_cast<std::size_t>(i) / 8] |= std::byte{1} << (i % 8);
  return map;
}

}  // namespace

TEST_CASE("the first outcome of an item stands and later ones are counted") {
  item_states states;

  CHECK(states.decide({5, 10}, bits({0, 9}, 10)) == std::vector<item_range>{{5, 10}});
  CHECK(states.decide({0, 8}, {}) == std::vector<item_range>{{0, 5}});

  CHECK(states.get(0) == item_state::value);
  CHECK(states.get(5) == item_state::failed);
  CHECK(states.get(14) == item_state::failed);
  CHECK(states.get(15) == item_state::missing);
  CHECK(states.values() == 13);
  CHECK(states.failures() == 2);
  CHECK(states.duplicates() == 3);
}

TEST_CASE("only failures can be withdrawn, and then count again") {
  item_states states;
  states.decide({0, 200}, bits({3, 64, 199}, 200));

  CHECK(states.withdraw({0, 100}) == 2);
  CHECK(states.get(3) == item_state::missing);
  CHECK(states.get(4) == item_state::value);
  CHECK(states.get(199) == item_state::failed);
  CHECK(states.missing(0, 200, 10) == std::vector<item_range>{{3, 1}, {64, 1}});
  CHECK(states.failed(0, 10) == std::vector<item_range>{{199, 1}});
  CHECK(states.decide({3, 1}, {}) == std::vector<item_range>{{3, 1}});
  CHECK(states.get(3) == item_state::value);
  CHECK(states.duplicates() == 0);
}

TEST_CASE("missing ranges cross words and pages, and can be asked for in parts") {
  item_states states;
  states.decide({0, 65536}, {});
  states.decide({70000, 10}, {});
  states.decide({300000, 1}, {});

  CHECK(states.missing(0, 300005, 10) ==
        std::vector<item_range>{{65536, 4464}, {70010, 229990}, {300001, 4}});
  CHECK(states.missing(70005, 300005, 1) == std::vector<item_range>{{70010, 229990}});
  CHECK(states.missing(80000, 90000, 10) == std::vector<item_range>{{80000, 10000}});
  CHECK(states.missing(0, std::uint64_t{1} << 60, 3).back().end() == std::uint64_t{1} << 60);
}

TEST_CASE("a job of all values costs next to nothing") {
  item_states states;
  for (std::uint64_t i = 0; i < 1000; ++i)
    states.decide({i * 1000, 1000}, {});
  CHECK(states.values() == 1000000);
  CHECK(states.memory() < 20000);
}

TEST_CASE("any order of outcomes and withdrawals gives what a map of single items gives") {
  std::mt19937 random(11);
  for (int round = 0; round < 100; ++round) {
    item_states states;
    std::map<std::uint64_t, item_state> expected;
    std::uint64_t duplicates = 0;
    for (int step = 0; step < 30; ++step) {
      const item_range range{65536 - 300 + random() % 600, 1 + random() % 200};
      if (random() % 4 == 0) {
        for (std::uint64_t i = range.first; i < range.end(); ++i)
          if (expected.count(i) != 0 && expected[i] == item_state::failed) expected.erase(i);
        states.withdraw(range);
        continue;
      }
      std::vector<std::byte> failed((range.count + 7) / 8);
      for (std::byte& b : failed)
        b = static_cast<std::byte>(random() & random() & 255);
      const bool any = random() % 2 == 0;
      for (std::uint64_t i = 0; i < range.count; ++i) {
        const bool bad = any && (failed[i / 8] >> (i % 8) & std::byte{1}) != std::byte{0};
        if (!expected.emplace(range.first + i, bad ? item_state::failed : item_state::value).second)
          ++duplicates;
      }
      states.decide(range, any ? bytes(failed) : bytes());
    }
    std::uint64_t missing = 0;
    for (std::uint64_t i = 65000; i < 66300; ++i) {
      const auto at = expected.find(i);
      REQUIRE(states.get(i) == (at == expected.end() ? item_state::missing : at->second));
      missing += at == expected.end();
    }
    for (const item_range& r : states.missing(65000, 66300, 10000))
      missing -= r.count;
    REQUIRE(missing == 0);
    REQUIRE(states.duplicates() == duplicates);
    REQUIRE(states.values() + states.failures() == expected.size());
  }
}
