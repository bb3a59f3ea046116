// SPDX-License-Identifier: MIT
// The book of one map: which items wait, run and are settled, how often each was tried and why it
// failed. A pure state machine, used by every engine and for nested maps alike: events go in,
// decisions come out, time is an argument. It knows ranges of items and never looks into them; who
// keeps outcomes is its caller's business.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include <clusterless/detail/buffer.hpp>
#include <clusterless/error.hpp>

#include "core/defaults.hpp"

namespace clusterless::core {

using nanoseconds = std::int64_t;  ///< a point or span of time; the origin is the caller's

/// Encoded items first … first+count-1, as detail/pack.hpp has them. The bytes are in `own`, or in
/// a segment of another process that `shared` keeps.
struct item_pack {
  item_pack(std::uint64_t first_item, std::uint64_t items, detail::buffer bytes,
            detail::segment_list segments = {})
      : first(first_item),
        count(items),
        own(std::move(bytes)),
        shared(own.shared()),
        data(own.data()),
        size(own.size()),
        beside(std::move(segments)) {}
  item_pack(std::uint64_t first_item, std::uint64_t items, detail::segment_ptr holds,
            const std::byte* from, std::size_t n, detail::segment_list segments)
      : first(first_item),
        count(items),
        shared(std::move(holds)),
        data(from),
        size(n),
        beside(std::move(segments)) {}

  std::uint64_t first;
  std::uint64_t count;
  detail::buffer own = {};
  detail::segment_ptr shared = {};
  const std::byte* data;
  std::size_t size;
  detail::segment_list beside;
};
using item_pack_ptr = std::shared_ptr<const item_pack>;

/// Consecutive items of one pack, to be run one after the other.
struct piece {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  item_pack_ptr pack = {};
  std::size_t offset = 0;  ///< of the first item in the pack
  std::size_t size = 0;
};

struct task_order {
  std::uint64_t task = 0;  ///< from 1
  int attempt = 1;
  piece items = {};
};

/// How large tasks are made where nobody says how many items they have.
struct task_pace {
  nanoseconds run_time;  ///< what a task should take, by the speed seen so far
  std::size_t growth;    ///< how many times larger than the one before a task may be
};

struct book_limits {
  int retries_user = 0;
  int retries_lost = 20;
  std::size_t items_per_task = 0;  ///< 0: by speed
  bool stop_on_error = false;
  task_pace pace = {defaults::pack_ns, 8};
};

struct book_counts {
  std::uint64_t offered = 0;
  std::uint64_t settled = 0;  ///< have an outcome
  std::uint64_t failed = 0;   ///< of those, errors
  std::uint64_t running = 0;  ///< items of tasks handed out
  std::uint64_t retried = 0;  ///< attempts beyond the first
  std::uint64_t lost = 0;     ///< of those, attempts lost with their node or worker
};

/// Which budget a cause is charged to.
bool charged_to_lost(cause why) noexcept;

class job_book {
 public:
  explicit job_book(book_limits limits) : limits_(limits) {}

  // --- input
  /// More items, following those offered before.
  void offer(item_pack_ptr pack);
  /// The next items have outcomes already, `failed` of them errors.
  void skip(std::uint64_t count, std::uint64_t failed = 0);
  void input_ended() { input_ended_ = true; }
  /// Items that task `number` has, which another client handed out: it runs, and is told of as
  /// those that take() cuts. `user` and `lost`: attempts at each of them that failed before.
  void adopt(std::uint64_t number, item_pack_ptr items, int user, int lost);
  /// Numbers of tasks up to `last` are taken.
  void number_on(std::uint64_t last) { next_task_ = std::max(next_task_, last + 1); }
  /// The last `count` items skipped as failed will be offered after all.
  void unskip(std::uint64_t count);
  void input_goes_on() { input_ended_ = false; }

  // --- work
  /// From now on each task is one item, unless the options say how many. For items that print: what
  /// a task printed is then what its item printed.
  void one_at_a_time() {
    if (limits_.items_per_task == 0) limits_.items_per_task = 1;
  }
  /// The next task, or nothing when no item waits or may run at `now`. `slots`: how many tasks the
  /// engine can run at a time; with `remaining` (items not yet pulled) it bounds the task's size so
  /// that all slots stay busy to the end.
  std::optional<task_order> take(nanoseconds now, std::size_t slots, std::uint64_t remaining);
  /// True when take() would hand out something at `now`.
  bool ready(nanoseconds now) const;
  /// When a delayed retry becomes ready, if one is waiting.
  std::optional<nanoseconds> next_ready() const;
  /// How many items the next task should have, by the speed so far.
  std::size_t items_wanted(std::size_t slots, std::uint64_t remaining) const;
  /// Time one item takes, as seen so far; 0 when nothing has finished.
  nanoseconds item_time() const { return static_cast<nanoseconds>(item_time_); }

  // --- events
  /// The next `count` items of `task` have values, after `spent` of running.
  void succeeded(std::uint64_t task, std::uint64_t count, nanoseconds spent);
  /// An item of `task` failed, after `unreported` more that must be run again. Returns true when
  /// that is its outcome, false when it will be tried again.
  bool failed(std::uint64_t task, cause why, nanoseconds now, std::uint64_t unreported = 0);
  /// `task` runs no more; its unsettled items wait again, at no cost to them.
  void ended(std::uint64_t task);
  /// No item that has not started will be run: they are settled as failed and returned.
  std::vector<piece> withdraw();
  /// After an error with stop_on_error.
  bool stopped() const { return stopped_; }

  // --- state
  const book_counts& counts() const { return counts_; }
  bool input_has_ended() const { return input_ended_; }
  bool finished() const { return input_ended_ && counts_.settled == counts_.offered; }
  /// The range of `task` that is not settled yet; count 0 when it is unknown.
  piece rest_of(std::uint64_t task) const;
  int attempt_of(std::uint64_t item) const;
  /// Attempts at an item that failed and are charged to each budget.
  struct attempts {
    int user = 0;
    int lost = 0;
  };
  attempts tries_of(std::uint64_t item) const;
  /// Gives all failed and withdrawn items a fresh start and returns them; their outcomes do not
  /// count any more.
  std::vector<piece> retry_given_up();
  /// The same for failed items that were skipped; their inputs are given anew.
  void reopen(item_pack_ptr items);

 private:
  piece cut(piece& from, std::uint64_t count) const;

  book_limits limits_;
  book_counts counts_;
  std::deque<piece> waiting_;
  std::multimap<nanoseconds, piece> retries_;
  std::unordered_map<std::uint64_t, task_order> tasks_;
  std::unordered_map<std::uint64_t, attempts> attempts_;
  std::map<std::uint64_t, piece> given_up_;  // by first item
  std::uint64_t next_task_ = 1;
  double item_time_ = 0;
  std::size_t last_size_ = 0;
  bool input_ended_ = false;
  bool stopped_ = false;
};

}  // namespace clusterless::core
