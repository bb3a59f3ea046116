// SPDX-License-Identifier: MIT
// job<R>: a map that was submitted to a pool. A cheap handle: copies are the same job.
#pragma once

#include <chrono>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <clusterless/codec.hpp>
#include <clusterless/detail/client.hpp>
#include <clusterless/detail/source.hpp>
#include <clusterless/outcome.hpp>

namespace clusterless {

/// One result of a job as an input of another map, there or not yet: the value does not pass
/// through the program that hands it on.
template <class R>
class result {
 public:
  result(detail::job_ptr core, std::size_t item) : core_(std::move(core)), item_(item) {}
  std::size_t item() const noexcept { return item_; }
  const detail::job_ptr& core() const noexcept { return core_; }

 private:
  detail::job_ptr core_;
  std::size_t item_;
};

/// Options of job.reduce.
struct reduce_options {
  bool remote = false;     ///< fold on the nodes; only the total comes home
  std::size_t group = 16;  ///< results folded by one remote item
};

namespace detail {

/// Calls `use(item, kind, reader)` for each outcome of a run; returns how many there were.
template <class Use>
void for_outcomes(const outcome_run& run, Use&& use) {
  pack_cursor cursor(run.data, run.size);
  entry_view entry;
  for (std::size_t i = 0; i < run.count; ++i) {
    if (!cursor.next(entry)) throw codec_error("clusterless: an outcome pack is damaged");
    use(run.first + i, entry);
  }
}

template <class R>
R decode_value(const entry_view& entry, const outcome_run& run) {
  reader in(entry.body, entry.size, run.beside);
  R value = codec<R>::get(in);
  expect_end(in);
  return value;
}

template <class R>
outcome<R> decode_outcome(std::size_t item, const entry_view& entry, const outcome_run& run) {
  if (entry.kind == entry_kind::error)
    return outcome<R>(item, remote_error(decode_error(entry.body, entry.size)));
  return outcome<R>(item, decode_value<R>(entry, run));
}

/// All values in input order; throws the error of the lowest failed item.
template <class R>
std::vector<R> all_values(job_core& core) {
  core.want_all();
  std::vector<R> values;
  if (auto total = core.status().total) values.reserve(*total);
  for (;;) {
    const outcome_run run = core.ordered(values.size());
    if (run.count == 0) return values;
    for_outcomes(run, [&](std::size_t item, const entry_view& entry) {
      if (entry.kind == entry_kind::error) throw_failure(core, item, entry);
      values.push_back(decode_value<R>(entry, run));
    });
  }
}

template <class R, class T, class Op>
T fold_values(job_core& core, T total, const Op& op) {
  std::size_t next = 0;
  for (;;) {
    const outcome_run run = core.ordered(next);
    if (run.count == 0) return total;
    for_outcomes(run, [&](std::size_t item, const entry_view& entry) {
      if (entry.kind == entry_kind::error) throw_failure(core, item, entry);
      total = op(std::move(total), decode_value<R>(entry, run));
    });
    next += run.count;
    core.release_before(next);
  }
}

/// Outcomes as they finish, for range-for. Single pass.
template <class R>
class finished_range {
 public:
  explicit finished_range(job_ptr core) : core_(std::move(core)) {}

  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = outcome<R>;
    using difference_type = std::ptrdiff_t;
    using pointer = const outcome<R>*;
    using reference = const outcome<R>&;

    explicit iterator(finished_range* range) : range_(range) {
      if (range_ != nullptr && !range_->advance()) range_ = nullptr;
    }
    const outcome<R>& operator*() const { return *range_->current_; }
    const outcome<R>* operator->() const { return &*range_->current_; }
    iterator& operator++() {
      if (!range_->advance()) range_ = nullptr;
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(const iterator& other) const { return range_ == other.range_; }

   private:
    finished_range* range_;
  };
  iterator begin() { return iterator(this); }
  iterator end() { return iterator(nullptr); }

 private:
  bool advance() {
    if (used_ == run_.count) {
      run_ = core_->finished(cursor_);
      used_ = 0;
      if (run_.count == 0) return false;
      entries_ = pack_cursor(run_.data, run_.size);
    }
    entry_view entry;
    if (!entries_.next(entry)) throw codec_error("clusterless: an outcome pack is damaged");
    current_.emplace(decode_outcome<R>(run_.first + used_++, entry, run_));
    return true;
  }

  job_ptr core_;
  std::size_t cursor_ = 0;
  outcome_run run_;
  std::size_t used_ = 0;
  pack_cursor entries_;
  std::optional<outcome<R>> current_;
};

}  // namespace detail

/// A submitted map with results of type R (`none` for void functions). A job goes on while its pool
/// or a handle of it is there; named ones last in the store until destroy().
template <class R>
class job {
 public:
  explicit job(detail::job_ptr core) : core_(std::move(core)) {}

  /// The job's name, or a short made-up id.
  std::string id() const { return core_->id(); }

  /// All values in input order. Waits; throws the remote_error of the lowest failed item, or of the
  /// lowest that ran when others were not started for its sake.
  std::vector<R> fetch() { return detail::all_values<R>(*core_); }

  /// The value of one item. Waits for that item only; throws its remote_error when it failed.
  R fetch(std::size_t item) { return std::move(outcome_of(item)).value(); }

  /// The outcome of one item, failure included. Waits for that item only.
  outcome<R> outcome_of(std::size_t item) {
    const auto run = core_->ordered(item);
    if (run.count == 0) detail::throw_misuse("there is no such item in this job");
    detail::pack_cursor cursor(run.data, run.size);
    detail::entry_view entry;
    if (!cursor.next(entry)) throw codec_error("clusterless: an outcome pack is damaged");
    return detail::decode_outcome<R>(item, entry, run);
  }

  /// Every outcome in input order, failures included. Waits for all.
  std::vector<outcome<R>> outcomes() {
    core_->want_all();
    std::vector<outcome<R>> all;
    for (;;) {
      const auto run = core_->ordered(all.size());
      if (run.count == 0) return all;
      detail::for_outcomes(run, [&](std::size_t item, const detail::entry_view& entry) {
        all.push_back(detail::decode_outcome<R>(item, entry, run));
      });
    }
  }

  /// Each outcome as it finishes: `for (const auto& o : job.completed())`.
  detail::finished_range<R> completed() { return detail::finished_range<R>(core_); }

  /// Folds all values in input order: op(op(init, v0), v1) … The op must be associative; it need
  /// not be commutative. Keeps only a bounded number of results in memory. Throws the remote_error
  /// of a failed item.
  template <class Op>
  R reduce(R init, const Op& op) {
    if constexpr (detail::check_fold<R, R, Op>())
      return detail::fold_values<R>(*core_, std::move(init), op);
    else
      return init;
  }
  /// The same; with `{.remote = true}` groups of results are folded on the nodes first. The op is
  /// then a function, a captureless lambda or a stateless function object.
  template <class Op>
  R reduce(R init, Op op, reduce_options options) {
    if constexpr (detail::check_remote_fold<R, Op>()) {
      if (!options.remote) return detail::fold_values<R>(*core_, std::move(init), op);
      detail::call what;
      what.function = &detail::fold_entry<R, Op>::value;
      what.target = detail::target_of(op);
      auto groups = core_->regroup(std::move(what), options.group, {});
      return detail::fold_values<R>(*groups, std::move(init), op);
    } else {
      return init;
    }
  }

  /// Waits until every item has an outcome; false when `limit` passed first. A limit that is not
  /// above 0 only looks; one of more than 100 years is none.
  template <class Rep, class Period>
  bool wait(std::chrono::duration<Rep, Period> limit) {
    core_->want_all();
    using std::chrono::nanoseconds;
    const double seconds = std::chrono::duration<double>(limit).count();
    constexpr double century = 3.2e9;
    if (!(seconds > 0)) return core_->wait_for(nanoseconds(0));
    if (seconds > century) return core_->wait_for(nanoseconds(-1));
    return core_->wait_for(std::chrono::duration_cast<nanoseconds>(limit));
  }
  /// Waits until every item has an outcome.
  void wait() {
    core_->want_all();
    core_->wait_for(std::chrono::nanoseconds(-1));
  }

  /// Where the job stands now; does not wait.
  job_status status() const { return core_->status(); }
  /// What the item's task has printed so far (the last 64 KiB).
  std::string output(std::size_t item) const { return core_->output(item); }
  /// The value of an item as an input of another map.
  clusterless::result<R> result(std::size_t item) const {
    return clusterless::result<R>(core_, item);
  }
  /// Starts no new item and ends those that run; their outcomes are errors of cause `cancelled`.
  /// Items that look at stop_requested() have 5 s to return, others are ended after 0.3 s.
  void cancel() { core_->cancel(); }
  /// Cancels what runs and removes this job's record and data, nobody else's.
  destroy_report destroy() { return core_->destroy(); }

  const detail::job_ptr& core() const noexcept { return core_; }

 private:
  detail::job_ptr core_;
};

/// Runs what failed once more, with fresh retry budgets; values that are there stay.
template <class R>
job<R> retry_failed(job<R> failed) {
  failed.core()->retry_failed();
  return failed;
}

/// Takes a recorded job up again, from this or another process or machine with the same store, and
/// finishes what is missing. Throws when there is none, when its results are not of type R, or when
/// items are missing and this program is not the build that submitted them.
template <class R>
auto reopen(const std::string& name) {
  if constexpr (detail::check_value<R>())
    return job<R>(detail::reopen_job(name, schema_of<R>()));
  else
    return detail::refused{};
}

}  // namespace clusterless
