// SPDX-License-Identifier: MIT
// A job of a pool: the book of its items, the source they come from, the outcomes that have come
// back, and, when it is named, its record in the store. Guarded by the lock all pools share.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <clusterless/detail/client.hpp>

#include "client/adopted_task.hpp"
#include "client/outcome_table.hpp"
#include "client/output_log.hpp"
#include "client/recorder.hpp"
#include "core/job_book.hpp"
#include "core/task.hpp"
#include "engine/engine.hpp"

namespace clusterless::client {

class pool;

/// What a job is, and does not change.
struct job_facts {
  std::string id = {};
  core::call_ptr call = {};
  const detail::entry* function = nullptr;  ///< null when it is another build's
  core::task_shape shape = {};
  core::book_limits limits = {};
  map_options options = {};
  std::vector<std::shared_ptr<const void>> keep = {};  ///< broadcasts it uses
};

class job final : public detail::job_core, public std::enable_shared_from_this<job> {
 public:
  job(std::shared_ptr<pool> on, job_facts about, std::unique_ptr<recorder> record);
  ~job() override;

  // For users, from any thread.
  std::string id() const override { return facts_.id; }
  detail::outcome_run ordered(std::size_t item) override;
  detail::outcome_run finished(std::size_t& cursor) override;
  void want_all() override;
  void release_before(std::size_t item) override;
  bool wait_for(std::chrono::nanoseconds limit) override;
  job_status status() override;
  std::string output(std::size_t item) override;
  void cancel() override;
  destroy_report destroy() override;
  detail::job_ptr regroup(detail::call fold, std::size_t group,
                          const map_options& options) override;
  void retry_failed() override;

  // For the pool, with the lock held.
  const job_facts& about() const noexcept { return facts_; }
  const core::job_book& book() const noexcept { return book_; }
  /// Reads all of `now` into packs, calling `between` after each and `wait` while results that are
  /// among the items are not there.
  void drain(detail::item_source& now, const std::function<void()>& between,
             const std::function<void()>& wait);
  void keep_source(std::unique_ptr<detail::item_source> later);
  /// Takes up what the record holds. Returns the tasks that outlived the client and owe outcomes:
  /// the book takes them to run.
  std::vector<engine::placed_order> restore();
  /// A task as the record has it before it is handed out.
  store::placed_task placed(const core::run_order& order, std::string place) const;
  /// The next task, if one may run now.
  std::optional<core::run_order> next_order(core::nanoseconds now, std::size_t slots);
  /// True when items wait for results of other jobs.
  bool waits_for_inputs() const noexcept { return unresolved_.has_value() || source_waits_; }
  /// True when tasks are so short that the next should queue behind the running ones.
  bool ahead() const;
  void succeeded(std::uint64_t task, std::uint64_t count, core::nanoseconds spent,
                 core::outcome_bytes pack);
  void failed(std::uint64_t task, std::uint64_t unreported, error_info why, core::nanoseconds now);
  void ended(std::uint64_t task);
  /// Items of a task that are not settled fail with `why`; the task is over.
  void settle_task(std::uint64_t task, const error_info& why);
  /// Returns what of it is new: a task that was taken up prints once more what it had.
  std::string_view printed(std::uint64_t task, int pool, int worker, std::string_view text);
  /// What a task prints that was settled before it ended; its record is closed by then.
  void printed_at_end(std::uint64_t task, std::uint64_t first, std::uint64_t count,
                      std::string_view text);
  void set_progress(std::uint64_t task, double fraction, std::string_view text);
  /// No item is started any more; those that wait or were never read fail with `why`.
  void close_input(const error_info& why, bool of_another = false);
  std::optional<std::uint64_t> total() const noexcept { return total_; }
  bool is_finished() const { return !source_ && !unresolved_ && !draining_ && book_.finished(); }
  bool cancelled() const noexcept { return cancelled_; }
  void set_cancelled() noexcept { cancelled_ = true; }
  recorder* record() const noexcept { return record_.get(); }
  /// Holds a broadcast value for as long as the job is there.
  void keep(std::shared_ptr<const void> broadcast) { facts_.keep.push_back(std::move(broadcast)); }
  /// What went wrong with the record: the job has ended, and says so to all who ask.
  void record_failed(const error& why);
  bool record_is_broken() const noexcept { return record_error_.has_value(); }
  /// What is about to run must be in the record first.
  void commit_inputs() {
    if (record_ && !record_error_) record_->commit_inputs();
  }
  /// Puts what happened into the record; true when somebody asked there to cancel the job.
  bool commit(core::nanoseconds now);
  /// Somebody waits for the items before `end`: they are read even when many results are kept.
  void want(std::uint64_t end);
  /// Items before `item` were passed on; they are let go when many results are kept.
  void passed_on(std::uint64_t item);
  /// The outcomes from `item` on that are here or in the record; count 0 when there is none.
  detail::outcome_run lookup(std::uint64_t item);
  /// Tasks running and items done on one pool.
  struct pool_tally {
    std::int64_t running = 0;
    std::uint64_t done = 0;
  };
  pool_tally& tally(int pool) { return tallies_[pool]; }
  const std::map<int, pool_tally>& tallies() const noexcept { return tallies_; }
  /// The fraction done of running items that told, summed; for progress displays.
  double partial_progress() const;
  bool prints_need_task() const { return !total_ || *total_ != 1; }

 private:
  struct unresolved {
    detail::buffer bytes = {};
    detail::segment_list beside = {};
    std::uint64_t count = 0;
    bool end = false;
  };
  /// Items that were settled without running, and why.
  struct never_run {
    item_range items = {};
    error_info why = {};
    bool of_another = false;  ///< `why` names another job's item already
  };
  bool pull(std::size_t wanted);
  void take_pack(detail::buffer bytes, detail::segment_list beside, std::uint64_t count);
  bool resolve(unresolved& pack, const std::vector<detail::job_ptr>& inputs);
  void fail_input(std::string message);
  void range_threw(const std::string& what);
  void input_ended();
  void settle_values(std::uint64_t task, std::uint64_t count, core::nanoseconds spent,
                     core::outcome_bytes pack);
  void settle_failure(std::uint64_t task, std::uint64_t unreported, error_info why,
                      core::nanoseconds now);
  void end_task(std::uint64_t task);
  std::vector<engine::placed_order> adopt_tasks(const std::vector<store::open_task>& open);
  void count_recorded_output(const std::vector<store::open_task>& open);
  std::string_view not_printed_before(std::uint64_t task, std::string_view text);
  /// Items of a task that are not settled yet.
  item_range open_items(std::uint64_t task) const;
  /// Inputs from `first` to before `end`, or as many as make a pack.
  core::item_pack_ptr recorded_pack(std::uint64_t first, std::uint64_t end, bool all);
  void offer_recorded(const store::item_range& range, bool again);
  void end_recorded_input(std::uint64_t submitted);
  void put_error(const error_info& why, std::uint64_t task, int attempt);
  detail::outcome_run unrun(std::uint64_t item) const;
  void check_alive() const;
  void record_broadcasts();
  void reopen_input();
  bool has_room() const;

  std::shared_ptr<pool> pool_;
  job_facts facts_;
  std::unique_ptr<recorder> record_;
  core::job_book book_;
  outcome_table outcomes_;
  output_log outputs_;
  std::unique_ptr<detail::item_source> source_;
  std::unique_ptr<detail::item_source> left_;  // where it was closed, for a retry
  std::optional<unresolved> unresolved_;
  std::optional<unresolved> left_unresolved_;
  std::optional<std::uint64_t> total_;
  std::uint64_t pulled_ = 0;
  std::uint64_t wanted_ = 0;  // items somebody waits for
  std::optional<error> record_error_;
  std::size_t kept_in_record_ = 0;  ///< of facts_.keep
  bool source_waits_ = false;
  bool draining_ = false;
  bool wants_all_ = false;
  bool cancelled_ = false;
  bool destroyed_ = false;
  std::vector<never_run> unrun_;
  error_info stopped_by_;                          // why items are not run any more
  std::vector<item_range> restored_;               // settled before this process
  std::map<std::uint64_t, adopted_task> adopted_;  // by task; those that do not owe all items
  std::map<std::uint64_t, std::uint64_t> printed_before_;  // bytes, by adopted task
  std::map<std::uint64_t, double> progress_;               // by task
  std::map<int, pool_tally> tallies_;                      // by pool
};

}  // namespace clusterless::client
