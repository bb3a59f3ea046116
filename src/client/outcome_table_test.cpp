// SPDX-License-Identifier: MIT
#include "client/outcome_table.hpp"

#include <doctest/doctest.h>

#include <clusterless/detail/pack.hpp>

using namespace clusterless;
using client::outcome_table;

namespace {

void add(outcome_table& table, std::uint64_t first, std::uint64_t count) {
  detail::buffer bytes;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::size_t at = detail::open_entry(bytes);
    bytes.append("value", 5);
    detail::close_entry(bytes, at);
  }
  table.add(first, count, {bytes.data(), bytes.size(), bytes.shared(), {}});
}

}  // namespace

TEST_CASE("outcomes are found by item, to the end of their pack") {
  outcome_table table;
  add(table, 10, 5);

  CHECK(table.from(9).count == 0);
  CHECK(table.from(10).count == 5);
  CHECK(table.from(13).count == 2);
  CHECK(table.from(13).first == 13);
  CHECK(table.from(15).count == 0);
}

TEST_CASE("withdrawn outcomes are gone, and their place in the order of finishing is empty") {
  outcome_table table;
  add(table, 4, 1);
  add(table, 0, 3);
  add(table, 3, 1);
  add(table, 9, 1);

  table.withdraw({{9, 2}, {3, 2}});

  CHECK(table.from(4).count == 0);
  CHECK(table.from(3).count == 0);
  CHECK(table.from(9).count == 0);
  CHECK(table.from(1).count == 2);
  REQUIRE(table.finished() == 4);
  CHECK(table.at(0).count == 0);
  CHECK(table.at(1).count == 3);
  CHECK(table.at(2).count == 0);
  add(table, 4, 1);
  CHECK(table.at(4).first == 4);
  CHECK(table.from(4).count == 1);
}

TEST_CASE("bytes are counted for what is kept") {
  outcome_table table;
  CHECK(table.bytes() == 0);
  add(table, 0, 2);
  const std::size_t two = table.bytes();
  CHECK(two > 0);
  add(table, 2, 2);
  table.release_before(3);
  CHECK(table.bytes() == two);
  CHECK_THROWS_AS(table.require(1), error);
  table.require(2);
  table.let_go();
  CHECK(table.bytes() == 0);
}
