// SPDX-License-Identifier: MIT
#include "core/job_book.hpp"

#include <doctest/doctest.h>
#include <clusterless/codec.hpp>
#include <clusterless/detail/pack.hpp>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "core/defaults.hpp"

using namespace clusterless;
using namespace clusterless::core;

namespace {

constexpr nanoseconds ms = 1'000'000;

/// Items whose bodies are their numbers.
item_pack_ptr items(std::uint64_t first, std::uint64_t count) {
  detail::buffer bytes;
  for (std::uint64_t i = first; i < first + count; ++i) {
    const std::size_t at = detail::open_entry(bytes);
    bytes.append(&i, sizeof i);
    detail::close_entry(bytes, at);
  }
  return std::make_shared<const item_pack>(first, count, std::move(bytes));
}

/// The numbers in the bodies of a piece.
std::vector<std::uint64_t> numbers_in(const piece& of) {
  std::vector<std::uint64_t> all;
  detail::pack_cursor cursor(of.pack->data + of.offset, of.size);
  for (detail::entry_view entry; cursor.next(entry);) {
    REQUIRE(entry.size == sizeof(std::uint64_t));
    all.emplace_back();
    std::memcpy(&all.back(), entry.body, sizeof(std::uint64_t));
  }
  return all;
}

/// A book of `count` items whose tasks have `items_per_task` each.
job_book book_of(std::uint64_t count, book_limits limits) {
  job_book book(limits);
  book.offer(items(0, count));
  book.input_ended();
  return book;
}
book_limits limits(int user, int lost, std::size_t items_per_task = 1) {
  return {.retries_user = user, .retries_lost = lost, .items_per_task = items_per_task};
}

task_order taken(job_book& from, nanoseconds now = 0) {
  auto order = from.take(now, 1, 0);
  REQUIRE(order);
  return *order;
}

}  // namespace

TEST_CASE("items are handed out in order, each once, with their bytes") {
  job_book book = book_of(5, limits(0, 0, 2));
  CHECK(book.counts().offered == 5);
  CHECK(numbers_in(taken(book).items) == std::vector<std::uint64_t>{0, 1});
  const task_order second = taken(book);
  CHECK(second.task == 2);
  CHECK(second.attempt == 1);
  CHECK(second.items.first == 2);
  CHECK(numbers_in(second.items) == std::vector<std::uint64_t>{2, 3});
  CHECK(numbers_in(taken(book).items) == std::vector<std::uint64_t>{4});
  CHECK_FALSE(book.take(0, 1, 0));
  CHECK_FALSE(book.ready(0));
  CHECK(book.counts().running == 5);
}

TEST_CASE("a job is finished when its input has ended and every item has an outcome") {
  job_book book(limits(0, 0, 10));
  CHECK_FALSE(book.finished());
  book.offer(items(0, 3));
  const task_order task = taken(book);
  book.succeeded(task.task, 2, ms);
  CHECK(book.counts().settled == 2);
  CHECK(book.counts().running == 1);
  CHECK(book.rest_of(task.task).first == 2);
  book.succeeded(task.task, 1, ms);
  book.ended(task.task);
  CHECK_FALSE(book.finished());
  book.input_ended();
  CHECK(book.finished());
}

TEST_CASE("an exception is charged to the user's budget, and the last one is the outcome") {
  job_book book = book_of(1, limits(2, 0));
  for (int attempt = 1; attempt <= 2; ++attempt) {
    const task_order task = taken(book);
    CHECK(task.attempt == attempt);
    CHECK_FALSE(book.failed(task.task, cause::exception, 0));
    book.ended(task.task);
  }
  const task_order last = taken(book);
  CHECK(last.attempt == 3);
  CHECK(book.failed(last.task, cause::exception, 0));
  book.ended(last.task);
  CHECK(book.finished());
  CHECK(book.counts().failed == 1);
  CHECK(book.counts().retried == 2);
  CHECK(book.counts().lost == 0);
}

TEST_CASE("lost nodes and kills from outside leave the user's budget alone") {
  job_book book = book_of(1, limits(1, 3));
  nanoseconds now = 0;
  for (const cause why : {cause::node_lost, cause::killed, cause::exception, cause::node_lost}) {
    const task_order task = taken(book, now);
    CHECK_FALSE(book.failed(task.task, why, now));
    book.ended(task.task);
    now += 60'000 * ms;
  }
  CHECK(book.counts().retried == 4);
  CHECK(book.counts().lost == 3);
  const task_order last = taken(book, now);
  CHECK(last.attempt == 5);
  CHECK(book.failed(last.task, cause::killed, now));  // the fourth: the budget is spent
}

TEST_CASE("each cause has its budget") {
  for (const cause why : {cause::exception, cause::crashed, cause::exited, cause::timed_out,
                          cause::out_of_memory, cause::bad_data}) {
    CHECK_FALSE(charged_to_lost(why));
    job_book book = book_of(1, limits(1, 0));
    CHECK_FALSE(book.failed(taken(book).task, why, 0));
  }
  for (const cause why : {cause::node_lost, cause::killed}) {
    CHECK(charged_to_lost(why));
    job_book book = book_of(1, limits(0, 1));
    CHECK_FALSE(book.failed(taken(book).task, why, 0));
  }
  for (const cause why : {cause::cancelled, cause::too_large, cause::input_failed}) {
    job_book book = book_of(1, limits(9, 9));  // trying again cannot help
    CHECK(book.failed(taken(book).task, why, 0));
  }
}

TEST_CASE("a lost item comes back at once, then later and later, up to half a minute") {
  job_book book = book_of(1, limits(0, 20));
  nanoseconds now = 0;
  for (const nanoseconds delay :
       {0, 100, 200, 400, 800, 1600, 3200, 6400, 12'800, 25'600, 25'600}) {
    const task_order task = taken(book, now);
    CHECK_FALSE(book.failed(task.task, cause::node_lost, now));
    book.ended(task.task);
    REQUIRE(book.next_ready());
    CHECK(*book.next_ready() == now + delay * ms);
    if (delay != 0) CHECK_FALSE(book.ready(now + delay * ms - 1));
    if (delay != 0) CHECK_FALSE(book.take(now + delay * ms - 1, 1, 0));
    now += delay * ms;
    CHECK(book.ready(now));
  }
}

TEST_CASE("an exception is tried again at once, before what has not been tried") {
  job_book book = book_of(2, limits(1, 0));
  const task_order first = taken(book);
  book.failed(first.task, cause::exception, 7);
  book.ended(first.task);
  CHECK(*book.next_ready() == 7);
  CHECK(numbers_in(taken(book, 7).items) == std::vector<std::uint64_t>{0});
  CHECK(numbers_in(taken(book, 7).items) == std::vector<std::uint64_t>{1});
}

TEST_CASE("a failure in the midst of a task costs its own item only") {
  job_book book = book_of(5, limits(1, 0, 5));
  const task_order task = taken(book);
  book.succeeded(task.task, 1, ms);
  CHECK_FALSE(book.failed(task.task, cause::crashed, 0));  // item 1
  CHECK(book.counts().running == 3);
  book.ended(task.task);  // items 2 to 4 were not started
  CHECK(book.counts().running == 0);
  const task_order again = taken(book);
  CHECK(numbers_in(again.items) == std::vector<std::uint64_t>{1});
  CHECK(again.attempt == 2);
  const task_order rest = taken(book);
  CHECK(numbers_in(rest.items) == std::vector<std::uint64_t>{2, 3, 4});
  CHECK(rest.attempt == 1);
}

TEST_CASE("values that were lost with a crashed worker are made again, at no cost to their items") {
  job_book book = book_of(4, limits(0, 0, 4));
  const task_order task = taken(book);
  CHECK(book.failed(task.task, cause::crashed, 0, 2));  // 0 and 1 had run, 2 crashed
  book.ended(task.task);
  CHECK(book.counts().failed == 1);
  std::vector<std::uint64_t> left;
  while (const auto next = book.take(0, 1, 0)) {
    CHECK(next->attempt == 1);
    for (const auto n : numbers_in(next->items))
      left.push_back(n);
    book.succeeded(next->task, next->items.count, ms);
    book.ended(next->task);
  }
  std::sort(left.begin(), left.end());
  CHECK(left == std::vector<std::uint64_t>{0, 1, 3});
  CHECK(book.finished());
}

TEST_CASE("events of tasks that are over, and more than a task has, change nothing") {
  job_book book = book_of(2, limits(0, 0, 2));
  const task_order task = taken(book);
  CHECK_FALSE(book.failed(99, cause::crashed, 0));
  CHECK_FALSE(book.failed(task.task, cause::crashed, 0, 2));
  book.succeeded(task.task, 5, ms);
  CHECK(book.counts().settled == 2);
  book.ended(task.task);
  book.ended(task.task);
  book.succeeded(task.task, 1, ms);
  CHECK_FALSE(book.failed(task.task, cause::crashed, 0));
  CHECK(book.counts().settled == 2);
  CHECK(book.counts().running == 0);
  CHECK(book.rest_of(task.task).count == 0);
}

TEST_CASE("after an error with stop_on_error nothing new is handed out") {
  book_limits stop = limits(0, 5);
  stop.stop_on_error = true;
  job_book book = book_of(4, stop);
  const task_order first = taken(book);
  const task_order second = taken(book);
  CHECK_FALSE(book.failed(first.task, cause::node_lost, 0));
  book.ended(first.task);
  CHECK_FALSE(book.stopped());  // that was no outcome
  CHECK(book.failed(second.task, cause::exception, 0));
  book.ended(second.task);
  CHECK(book.stopped());
  CHECK_FALSE(book.take(1, 1, 0));
  CHECK_FALSE(book.ready(1));
  CHECK_FALSE(book.next_ready());

  std::uint64_t withdrawn = 0;
  for (const piece& each : book.withdraw())
    withdrawn += each.count;
  CHECK(withdrawn == 3);
  CHECK(book.finished());
  CHECK(book.counts().failed == 4);
}

TEST_CASE("withdrawing settles what waits and leaves what runs") {
  job_book book = book_of(6, limits(0, 1, 2));
  const task_order running = taken(book);
  const task_order lost = taken(book);
  book.failed(lost.task, cause::node_lost, 0);
  book.failed(lost.task, cause::node_lost, 0);
  book.ended(lost.task);
  std::vector<std::uint64_t> gone;
  for (const piece& each : book.withdraw())
    for (const auto n : numbers_in(each))
      gone.push_back(n);
  std::sort(gone.begin(), gone.end());
  CHECK(gone == std::vector<std::uint64_t>{2, 3, 4, 5});
  CHECK(book.counts().running == 2);
  CHECK_FALSE(book.finished());
  book.succeeded(running.task, 2, ms);
  CHECK(book.finished());
  CHECK(book.counts().settled == 6);
  CHECK(book.counts().failed == 4);
}

TEST_CASE("what was given up can be tried again, with fresh budgets") {
  book_limits stop = limits(0, 0, 2);
  stop.stop_on_error = true;
  job_book book = book_of(4, stop);
  const task_order task = taken(book);
  book.succeeded(task.task, 1, ms);
  CHECK(book.failed(task.task, cause::exception, 0));
  book.ended(task.task);
  book.withdraw();
  CHECK(book.finished());

  std::uint64_t again = 0;
  for (const piece& each : book.retry_given_up())
    again += each.count;
  CHECK(again == 3);
  CHECK(book.counts().settled == 1);
  CHECK(book.counts().failed == 0);
  CHECK_FALSE(book.stopped());
  while (const auto next = book.take(0, 1, 0)) {
    CHECK(next->attempt == 1);
    book.succeeded(next->task, next->items.count, ms);
    book.ended(next->task);
  }
  CHECK(book.finished());
  CHECK(book.counts().settled == 4);
  CHECK(book.retry_given_up().empty());
}

TEST_CASE(
    "items with an outcome from before are passed over, and the failed ones can be reopened") {
  job_book book(limits(0, 0, 10));
  book.skip(3, 1);
  book.offer(items(3, 2));
  book.input_ended();
  CHECK(book.counts().offered == 5);
  CHECK(book.counts().settled == 3);
  CHECK(book.counts().failed == 1);
  const task_order task = taken(book);
  CHECK(numbers_in(task.items) == std::vector<std::uint64_t>{3, 4});
  book.succeeded(task.task, 2, ms);
  CHECK(book.finished());

  book.reopen(items(1, 1));
  CHECK_FALSE(book.finished());
  CHECK(book.counts().failed == 0);
  const task_order again = taken(book);
  CHECK(numbers_in(again.items) == std::vector<std::uint64_t>{1});
  book.succeeded(again.task, 1, ms);
  CHECK(book.finished());
}

TEST_CASE("tasks grow with the speed of the items and shrink towards the end") {
  job_book book({});
  book.offer(items(0, 10'000));
  const task_order first = taken(book);
  CHECK(first.items.count == 1);  // nothing is known yet
  book.succeeded(first.task, 1, 1000);
  book.ended(first.task);
  CHECK(book.item_time() == 1000);

  const std::size_t fast = static_cast<std::size_t>(defaults::pack_ns / 1000);
  std::size_t before = 1;
  for (int i = 0; i < 4; ++i) {
    auto order = book.take(0, 4, 0);
    REQUIRE(order);
    CHECK(order->items.count <= 8 * before);
    CHECK(order->items.count <= fast);
    before = static_cast<std::size_t>(order->items.count);
    book.succeeded(order->task, before, static_cast<nanoseconds>(before) * 1000);
  }
  CHECK(before > 100);
  // With 4 slots no task takes more than an eighth of what is left.
  while (const auto order = book.take(0, 4, 0)) {
    const std::uint64_t left = book.counts().offered - book.counts().settled;
    CHECK(order->items.count <= std::max<std::uint64_t>(1, left / 8));
    book.succeeded(order->task, order->items.count,
                   static_cast<nanoseconds>(order->items.count) * 1000);
  }
}

TEST_CASE("items not read yet keep tasks large") {
  job_book book({});
  book.offer(items(0, 100));
  const task_order first = taken(book);
  book.succeeded(first.task, 1, 1000);
  CHECK(book.items_wanted(4, 0) < book.items_wanted(4, 1'000'000) + 1);
  CHECK(book.items_wanted(4, 1'000'000) == 8);
}

TEST_CASE("slow items go one by one") {
  job_book book({});
  book.offer(items(0, 100));
  const task_order first = taken(book);
  book.succeeded(first.task, 1, 50 * ms);
  CHECK(taken(book).items.count == 1);
}
