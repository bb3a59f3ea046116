// SPDX-License-Identifier: MIT
#include "client/adopted_task.hpp"

#include <doctest/doctest.h>

#include <clusterless/detail/buffer.hpp>
#include <clusterless/detail/pack.hpp>

namespace client = clusterless::client;
namespace detail = clusterless::detail;

TEST_CASE("of the items that an adopted task tells of, each goes to the part that owes it") {
  client::adopted_task task({10, 10}, {{{11, 2}, 5}, {{14, 6}, 8}});
  auto shares = task.take(1);
  CHECK(shares.empty());
  shares = task.take(4);
  REQUIRE(shares.size() == 2);
  CHECK(shares[0].task == 5);
  CHECK(shares[0].skip == 0);
  CHECK(shares[0].count == 2);
  CHECK(shares[1].task == 8);
  CHECK(shares[1].skip == 3);
  CHECK(shares[1].count == 1);
  CHECK(task.rest() == clusterless::store::item_range{15, 5});
  shares = task.take(100);
  REQUIRE(shares.size() == 1);
  CHECK(shares[0].count == 5);
  CHECK(task.rest().count == 0);
}

TEST_CASE("a part of a pack has the entries it was asked for") {
  detail::buffer bytes;
  for (int i = 0; i < 5; ++i) {
    const std::size_t at = detail::open_entry(bytes);
    for (int n = 0; n <= i; ++n)
      bytes.append(&i, sizeof i);
    detail::close_entry(bytes, at);
  }
  const auto part = client::part_of({bytes.data(), bytes.size(), {}, {}}, 2, 2);
  detail::pack_cursor cursor(part.data, part.size);
  detail::entry_view entry;
  REQUIRE(cursor.next(entry));
  CHECK(entry.size == 3 * sizeof(int));
  REQUIRE(cursor.next(entry));
  CHECK(entry.size == 4 * sizeof(int));
  CHECK_FALSE(cursor.next(entry));
  CHECK(cursor.good());
}
