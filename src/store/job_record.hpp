// SPDX-License-Identifier: MIT
// The record of one named job: what it is, its inputs, every finished outcome, what it printed. Any
// process may read it while it grows; one, its driver, adds to it. Nothing that commit() returned
// for is lost or changes, whatever dies; an item keeps its first outcome.
//
// In the store: jobs/<name>/manifest makes the job visible; the folder jobs/<name>/<run> has the
// bound arguments, a journal, output and events for each epoch, and the request to cancel, so that
// what is left of a destroyed job cannot mix with a new one; holds/<name> is the right to make, to
// drive and to remove it.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/journal.hpp"
#include "store/manifest.hpp"
#include "store/side_log.hpp"
#include "store/store.hpp"

namespace clusterless::store {

class journal_writer;

struct job_counts {
  std::optional<std::uint64_t> total = {};  ///< items, once sealed or told by the manifest
  std::uint64_t submitted = 0;              ///< inputs recorded
  std::uint64_t done = 0;                   ///< items with a value
  std::uint64_t failed = 0;                 ///< items with an error
  std::uint64_t duplicates = 0;             ///< later outcomes of the same items, discarded
};

struct open_options {
  /// Leave damaged frames out, and name them in remarks(), instead of throwing. Reads and checks
  /// the whole record; items whose outcomes are lost count as missing.
  bool salvage = false;
};

class job_record {
 public:
  static constexpr std::size_t all = std::numeric_limits<std::size_t>::max();

  /// Makes a new job and drives it. `about.name` and `about.run` must be set; bound_size and
  /// bound_sum are filled in. Everything is in the store before the job can be seen. Throws
  /// `error`: misuse for a bad name, busy when the name is taken, with how far that job is.
  static std::unique_ptr<job_record> create(std::shared_ptr<object_store> in, manifest about,
                                            bytes bound);
  /// Opens an existing job to read it. Throws `error`: misuse when there is none, failed when the
  /// record is damaged, with file, frame and byte.
  static std::unique_ptr<job_record> open(std::shared_ptr<object_store> in, const std::string& name,
                                          open_options options = {});
  ~job_record();

  const manifest& about() const { return about_; }
  const std::shared_ptr<object_store>& store() const { return in_; }
  /// The encoded bound arguments, checked.
  buffer bound() const;
  /// A large value that items share, kept once under its content hash `name`; nothing when there is
  /// none. Throws `error` (failed) when it is damaged.
  std::optional<buffer> shared_value(const std::string& name) const;
  /// Names of all shared values.
  std::vector<std::string> shared_names() const;

  // Reading, by any process.

  /// Takes in what the driver has added since; true when that was anything.
  bool refresh();
  job_counts counts() const;
  bool sealed() const { return journal_.sealed().has_value(); }
  /// Sealed, and every item has an outcome.
  bool complete() const;
  item_state state(std::uint64_t item) const { return journal_.states().get(item); }
  /// The outcome of an item; nothing while it is missing. Reading in order is cheap.
  std::optional<stored_entry> read_outcome(std::uint64_t item) { return journal_.outcome(item); }
  /// The input of an item; nothing when none was recorded.
  std::optional<stored_entry> read_input(std::uint64_t item) { return journal_.input(item); }
  /// Items without an outcome, in order: of all items once sealed, of those submitted before.
  std::vector<item_range> missing(std::uint64_t from = 0, std::size_t at_most = all) const;
  /// Tasks that outlive the client and may be there, in the order they were recorded.
  const std::vector<placed_task>& tasks() const { return journal_.tasks(); }
  /// Those that owe outcomes, of items that are submitted.
  std::vector<open_task> open_tasks() const {
    return store::open_tasks(journal_.tasks(), journal_.states());
  }
  /// Calls f(item_range) for each range of missing(); the record may grow inside f.
  template <class F>
  void for_each_missing(F f) const {
    for (const item_range& range : missing())
      f(range);
  }
  /// Items whose outcome is an error, in order.
  std::vector<item_range> failed(std::uint64_t from = 0, std::size_t at_most = all) const;
  /// Everything in the record that does not count, and why: torn ends, late frames, damage.
  std::vector<log_damage> remarks() const { return journal_.remarks(); }
  /// The same as sentences.
  std::vector<std::string> remark_texts() const;
  std::size_t index_memory() const { return journal_.memory(); }

  output_reader read_output() const { return {*in_, folder_}; }
  event_reader read_events() const { return {*in_, folder_}; }

  // Driving: one process at a time.

  /// Becomes the driver, in a new epoch; false while another process is (see driver()). What the
  /// record holds then is final: refresh() was called.
  bool drive();
  bool driving() const { return writer_ != nullptr; }
  /// Who drives the job now, this process included.
  std::optional<holder> driver() const;
  /// Throws `error` (busy) that names who drives the job.
  [[noreturn]] void refuse_second_driver() const;
  /// Of the driver, from 1; 0 when not driving.
  std::uint64_t epoch() const { return epoch_; }
  /// Stops driving. What was not committed is dropped.
  void release();

  /// Keeps a shared value unless it is there already. The bytes may come in several parts.
  void put_shared_value(const std::string& name, std::span<const bytes> parts);

  // What follows throws `error`: misuse when not driving; busy when the store is full, and then
  // nothing was changed and the call may be repeated; lost when another process has taken over or
  // the job was destroyed.

  /// The next inputs: `first` is the number submitted so far. `pack` holds `count` values or
  /// references and is copied or written before this returns.
  void append_inputs(std::uint64_t first, std::uint64_t count, bytes pack);
  /// There are `total` items, at least those submitted; more mean that inputs are not recorded.
  void seal(std::uint64_t total);
  /// Outcomes of items first … first + count - 1: `pack` holds `count` values or errors and is
  /// copied or written before this returns. Items that have an outcome keep it.
  void append_outcomes(std::uint64_t first, std::uint64_t count, std::uint64_t task,
                       std::uint32_t attempt, bytes pack);
  /// Withdraws the failures among these items, so that they are missing again. Values stay.
  void append_retry(const std::vector<item_range>& items);
  /// Tasks that outlive this process: commit() before they are handed out.
  void append_tasks(const std::vector<placed_task>& tasks);
  /// None of the tasks recorded so far runs any more, and nothing of them is left.
  void append_tasks_gone();
  /// Makes all that was appended part of the record, in one write. When `durable` it would also
  /// survive the machine, else only this process. Counts and states change here, not before.
  void commit(bool durable = true);

  /// What items printed and what happened; written by flush(), not by commit().
  void append_output(const output_record& line);
  void append_event(const event_record& event);
  void flush();

  // Asking the driver to stop, from any process.

  void request_cancel();
  bool cancel_requested() const;
  /// Forgets the request: the driver is about to run items again.
  void clear_cancel();

 private:
  job_record(std::shared_ptr<object_store> in, manifest about, bool salvage);
  void start_epoch(std::unique_ptr<hold> right);
  journal_writer& writer();

  std::shared_ptr<object_store> in_;
  manifest about_;
  std::string folder_;  // of this run
  journal journal_;
  std::unique_ptr<hold> right_;
  std::uint64_t epoch_ = 0;
  std::unique_ptr<journal_writer> writer_;
  std::unique_ptr<side_writer> side_;
  std::uint64_t appended_inputs_ = 0;            // submitted, those not yet committed included
  std::optional<std::uint64_t> appended_total_;  // sealed at, committed or not
};

/// Whether there is a job of this name.
bool has_job(const object_store& in, const std::string& name);

/// The names of all jobs in the store, sorted.
std::vector<std::string> list_jobs(const object_store& in);

/// Removes the job's record and nothing else; returns what could not be removed. A job that was
/// half made or half removed is removed too. Throws `error`: misuse when there is no such job, busy
/// when a live process drives it, which it names, unless `forced`.
std::vector<failure> destroy_job(object_store& in, const std::string& name, bool forced = false);

}  // namespace clusterless::store
