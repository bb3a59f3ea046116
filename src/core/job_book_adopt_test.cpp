// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "core/job_book.hpp"

#include <clusterless/detail/pack.hpp>

namespace core = clusterless::core;
namespace detail = clusterless::detail;

namespace {

core::item_pack_ptr pack_of(std::uint64_t first, std::uint64_t count) {
  detail::buffer bytes;
  for (std::uint64_t i = 0; i < count; ++i)
    detail::close_entry(bytes, detail::open_entry(bytes));
  return std::make_shared<core::item_pack>(first, count, std::move(bytes));
}

}  // namespace

TEST_CASE("items of an adopted task run, and wait again when it ends without them") {
  core::job_book book({});
  book.number_on(9);
  book.adopt(4, pack_of(0, 3), 0, 0);
  book.input_ended();
  CHECK_FALSE(book.take(0, 1, 0));
  CHECK(book.counts().running == 3);
  book.succeeded(4, 1, 10);
  CHECK(book.rest_of(4).first == 1);
  book.ended(4);
  const auto next = book.take(0, 1, 0);
  REQUIRE(next);
  CHECK(next->task == 10);
  CHECK(next->items.first == 1);
  CHECK(next->attempt == 1);
}

TEST_CASE("attempts that failed before an item was adopted count") {
  core::job_book book({.retries_user = 2, .retries_lost = 5});
  book.adopt(1, pack_of(7, 1), 2, 1);
  CHECK(book.attempt_of(7) == 4);
  CHECK(book.tries_of(7).user == 2);
  CHECK(book.tries_of(7).lost == 1);
  CHECK(book.failed(1, clusterless::cause::exited, 0));
}
