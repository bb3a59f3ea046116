// SPDX-License-Identifier: MIT
// Random histories of a job book against a model that knows each item by itself: none is lost, none
// runs twice at a time, and the counts are always those of the items.
#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <rapidcheck.h>
#include <clusterless/detail/pack.hpp>

#include "core/job_book.hpp"

using namespace clusterless;
using namespace clusterless::core;

namespace {

enum class at { waits, runs, has_value, has_error, passed_over };

struct one_item {
  at where = at::waits;
  int user = 0;
  int lost = 0;
};

class history {
 public:
  explicit history(book_limits limits) : limits_(limits), book_(limits) {}

  void offer(std::uint64_t count) {
    detail::buffer bytes;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t number = items_.size();
      const std::size_t entry = detail::open_entry(bytes);
      bytes.append(&number, sizeof number);
      bytes.append("12345", number % 6);  // bodies of several sizes
      detail::close_entry(bytes, entry);
      items_.push_back({});
    }
    book_.offer(std::make_shared<const item_pack>(items_.size() - count, count, std::move(bytes)));
  }
  void skip(std::uint64_t count, std::uint64_t failed) {
    for (std::uint64_t i = 0; i < count; ++i)
      items_.push_back({at::passed_over, 0, 0});
    skipped_failed_ += failed;
    book_.skip(count, failed);
  }
  bool take(std::size_t slots, std::uint64_t remaining) {
    const auto order = book_.take(now_, slots, remaining);
    if (!order) return false;
    RC_ASSERT(!book_.stopped());
    RC_ASSERT(order->items.count != 0);
    RC_ASSERT(tasks_.count(order->task) == 0);
    const auto numbers = numbers_in(order->items);
    const one_item& first = items_[numbers.front()];
    RC_ASSERT(order->attempt == 1 + first.user + first.lost);
    for (const auto n : numbers)
      move(n, at::waits, at::runs);
    tasks_[order->task] = numbers;
    return true;
  }
  void succeed(std::uint64_t task, std::size_t count, nanoseconds spent) {
    auto& rest = tasks_.at(task);
    count = std::min(count, rest.size());
    for (std::size_t i = 0; i < count; ++i)
      move(rest[i], at::runs, at::has_value);
    rest.erase(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(count));
    book_.succeeded(task, count, spent);
  }
  void fail(std::uint64_t task, cause why, std::size_t unreported) {
    auto& rest = tasks_.at(task);
    const bool happens = unreported < rest.size();
    bool is_outcome = false;
    if (happens) {
      for (std::size_t i = 0; i < unreported; ++i)
        move(rest[i], at::runs, at::waits);
      one_item& item = items_[rest[unreported]];
      const bool lost = charged_to_lost(why);
      const bool hopeless =
          why == cause::cancelled || why == cause::too_large || why == cause::input_failed;
      is_outcome = book_.stopped() || hopeless ||
                   (lost ? item.lost >= limits_.retries_lost : item.user >= limits_.retries_user);
      move(rest[unreported], at::runs, is_outcome ? at::has_error : at::waits);
      if (!is_outcome) ++(lost ? item.lost : item.user);
      if (!is_outcome) ++retried_;
      if (!is_outcome && lost) ++lost_;
      rest.erase(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(unreported) + 1);
    }
    RC_ASSERT(book_.failed(task, why, now_, unreported) == is_outcome);
  }
  void end(std::uint64_t task) {
    for (const auto n : tasks_.at(task))
      move(n, at::runs, at::waits);
    tasks_.erase(task);
    book_.ended(task);
  }
  void withdraw() {
    for (const piece& each : book_.withdraw())
      for (const auto n : numbers_in(each))
        move(n, at::waits, at::has_error);
    for (const auto& item : items_)
      RC_ASSERT(item.where != at::waits);
  }
  void retry_given_up() {
    for (const piece& each : book_.retry_given_up())
      for (const auto n : numbers_in(each)) {
        move(n, at::has_error, at::waits);
        items_[n].user = items_[n].lost = 0;
      }
    for (const auto& item : items_)
      RC_ASSERT(item.where != at::has_error);
    RC_ASSERT(!book_.stopped());
  }
  void pass(nanoseconds time) { now_ += time; }

  void check() const {
    const book_counts& counts = book_.counts();
    const auto number_of = [&](at where) {
      return static_cast<std::uint64_t>(std::count_if(
          items_.begin(), items_.end(), [&](const one_item& i) { return i.where == where; }));
    };
    RC_ASSERT(counts.offered == items_.size());
    RC_ASSERT(counts.running == number_of(at::runs));
    RC_ASSERT(counts.failed == number_of(at::has_error) + skipped_failed_);
    RC_ASSERT(counts.settled ==
              number_of(at::has_value) + number_of(at::has_error) + number_of(at::passed_over));
    RC_ASSERT(counts.retried == retried_);
    RC_ASSERT(counts.lost == lost_);
    for (const auto& [task, rest] : tasks_)
      RC_ASSERT(book_.rest_of(task).count == rest.size());
    if (book_.next_ready()) RC_ASSERT(book_.ready(*book_.next_ready()));
  }
  /// Lets everything that is left succeed: nothing may be missing in the end.
  void finish() {
    while (!tasks_.empty())
      end(tasks_.begin()->first);
    if (book_.stopped()) withdraw();
    pass(nanoseconds{1} << 40);
    while (take(2, 0)) {
      succeed(tasks_.begin()->first, ~std::size_t{0}, 1000);
      end(tasks_.begin()->first);
    }
    check();
    book_.input_ended();
    RC_ASSERT(book_.finished());
  }
  std::uint64_t some_task() const {
    auto found = tasks_.begin();
    std::advance(found, *rc::gen::inRange<std::size_t>(0, tasks_.size()));
    return found->first;
  }
  bool any_task() const { return !tasks_.empty(); }

 private:
  /// The numbers in the bodies of a piece, which are those it says it has.
  static std::vector<std::uint64_t> numbers_in(const piece& of) {
    std::vector<std::uint64_t> all;
    detail::pack_cursor cursor(of.pack->data + of.offset, of.size);
    for (detail::entry_view entry; cursor.next(entry);) {
      std::uint64_t number = 0;
      std::memcpy(&number, entry.body, sizeof number);
      RC_ASSERT(number == of.first + all.size());
      all.push_back(number);
    }
    RC_ASSERT(cursor.good());
    RC_ASSERT(all.size() == of.count);
    return all;
  }
  void move(std::uint64_t n, at from, at to) {
    RC_ASSERT(n < items_.size());
    RC_ASSERT(items_[n].where == from);
    items_[n].where = to;
  }

  book_limits limits_;
  job_book book_;
  nanoseconds now_ = 0;
  std::vector<one_item> items_;
  std::map<std::uint64_t, std::vector<std::uint64_t>> tasks_;
  std::uint64_t skipped_failed_ = 0;
  std::uint64_t retried_ = 0;
  std::uint64_t lost_ = 0;
};

void random_event(history& of) {
  const auto upto = [](std::uint64_t n) { return *rc::gen::inRange<std::uint64_t>(0, n + 1); };
  const std::uint64_t event = upto(11);
  if (event <= 1) return of.offer(1 + upto(7));
  if (event <= 4) return void(of.take(1 + upto(3), upto(1) * 1000));
  if (event == 5) return of.pass(static_cast<nanoseconds>(upto(500'000'000)));
  if (event == 6) {
    const std::uint64_t count = 1 + upto(3);
    return of.skip(count, upto(count));
  }
  if (event == 7 && upto(5) == 0) return upto(1) == 0 ? of.withdraw() : of.retry_given_up();
  if (!of.any_task()) return;
  const std::uint64_t task = of.some_task();
  if (event <= 8) return of.succeed(task, upto(4), static_cast<nanoseconds>(upto(4'000'000)));
  if (event == 9) return of.end(task);
  of.fail(task, static_cast<cause>(upto(static_cast<std::uint64_t>(cause::cancelled))), upto(3));
}

}  // namespace

TEST_CASE("whatever happens to a job, no item is lost or doubled and the counts are right") {
  CHECK(rc::check("histories", [] {
    history all({.retries_user = *rc::gen::inRange(0, 3),
                 .retries_lost = *rc::gen::inRange(0, 4),
                 .items_per_task = *rc::gen::element<std::size_t>(0, 1, 3),
                 .stop_on_error = *rc::gen::inRange(0, 4) == 0});
    const int events = *rc::gen::inRange(1, 150);
    for (int i = 0; i < events; ++i) {
      random_event(all);
      all.check();
    }
    all.finish();
  }));
}
