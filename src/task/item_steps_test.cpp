// SPDX-License-Identifier: MIT
#include "task/item_steps.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include <clusterless/codec.hpp>
#include <clusterless/detail/pack.hpp>

using namespace clusterless;
using namespace clusterless::task;

namespace {

/// Items first … first+count-1, of different sizes.
core::piece items_of(std::uint64_t first, std::uint64_t count) {
  detail::buffer bytes;
  writer out(bytes);
  for (std::uint64_t i = first; i < first + count; ++i) {
    const std::size_t at = detail::open_entry(bytes);
    codec<std::string>::put(out, std::string(static_cast<std::size_t>(i), 'x'));
    detail::close_entry(bytes, at);
  }
  auto pack = std::make_shared<core::item_pack>(first, count, std::move(bytes));
  return {first, count, pack, 0, pack->size};
}

error_info failure_of(std::uint64_t item) {
  error_info why;
  why.item = item;
  return why;
}

/// Length of the first item's string, which is the item.
std::size_t first_value(const core::piece& of) {
  detail::pack_cursor cursor(of.pack->data + of.offset, of.size);
  detail::entry_view entry;
  REQUIRE(cursor.next(entry));
  return entry.size - sizeof(std::uint64_t);
}

}  // namespace

TEST_CASE("items behind a failed one go on, from their own bytes") {
  item_steps steps(items_of(5, 6), true);
  steps.succeeded(2);
  steps.failed(0, failure_of(7));

  REQUIRE(steps.take_failure()->item == 7);
  const auto rest = steps.items();
  REQUIRE(rest);
  CHECK(rest->first == 8);
  CHECK(rest->count == 3);
  CHECK(first_value(*rest) == 8);
  CHECK(detail::is_pack(rest->pack->data + rest->offset, rest->size, 3));
  steps.succeeded(3);
  CHECK_FALSE(steps.items());
  CHECK_FALSE(steps.take_failure());
}

TEST_CASE("items that were finished but not told run again before the failure is told") {
  item_steps steps(items_of(0, 10), true);
  steps.failed(4, failure_of(4));
  CHECK_FALSE(steps.take_failure());
  REQUIRE(steps.items()->count == 4);

  steps.failed(1, failure_of(1));

  REQUIRE(steps.items()->count == 1);
  steps.succeeded(1);
  CHECK(steps.take_failure()->item == 1);
  CHECK_FALSE(steps.take_failure());
  REQUIRE(steps.items()->first == 2);
  steps.succeeded(2);
  CHECK(steps.take_failure()->item == 4);
  REQUIRE(steps.items()->first == 5);
  CHECK(first_value(*steps.items()) == 5);
  steps.succeeded(5);
  CHECK_FALSE(steps.items());
}

TEST_CASE("nothing runs behind a failed item when the task is not to go on") {
  item_steps steps(items_of(0, 10), false);
  steps.failed(2, failure_of(2));
  steps.succeeded(2);
  CHECK(steps.take_failure()->item == 2);
  CHECK_FALSE(steps.items());
}

TEST_CASE("a task that has to stop tells of failures behind items that were not run") {
  item_steps steps(items_of(0, 10), true);
  steps.failed(3, failure_of(3));
  steps.succeeded(1);
  std::uint64_t not_run = 0;

  REQUIRE(steps.skip_to_failure(not_run));
  CHECK(not_run == 2);
  CHECK(steps.take_failure()->item == 3);
  CHECK_FALSE(steps.skip_to_failure(not_run));
  CHECK(not_run == 6);
}

TEST_CASE("what makes no sense is left alone") {
  item_steps none(items_of(0, 0), true);
  none.succeeded(1);
  none.failed(0, failure_of(0));
  CHECK_FALSE(none.items());
  item_steps one(items_of(0, 1), true);
  one.failed(1, failure_of(1));
  CHECK(one.items()->count == 1);
  one.succeeded(5);
  CHECK_FALSE(one.items());
}
