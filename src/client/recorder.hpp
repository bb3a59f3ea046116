// SPDX-License-Identifier: MIT
// Keeps a named job's record while it runs, and brings it back. What a job settles is in the store
// before anybody is told.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <clusterless/detail/client.hpp>

#include "client/outcome_table.hpp"
#include "core/task.hpp"
#include "store/job_record.hpp"

namespace clusterless::client {

class recorder {
 public:
  explicit recorder(std::unique_ptr<store::job_record> record) : record_(std::move(record)) {}

  store::job_record& record() noexcept { return *record_; }
  void inputs(std::uint64_t first, std::uint64_t count, const std::byte* data, std::size_t size);
  void seal(std::uint64_t total);
  void outcomes(std::uint64_t first, std::uint64_t count, std::uint64_t task, int attempt,
                const std::byte* data, std::size_t size);
  void printed(std::uint64_t task, std::uint64_t item, int pool, int worker, std::string_view text);
  /// How far an item is. Recorded once a second; the last word of each task counts.
  void progress(std::uint64_t task, std::uint64_t item, double fraction, std::string_view text);
  /// An attempt failed and the item runs again.
  void retried(const error_info& why);
  /// Makes inputs that were told part of the record; survives this process, not yet the machine.
  void commit_inputs();
  /// Tasks that outlive this process, about to be handed out: recorded when this returns, with all
  /// that was told before.
  void placed(const std::vector<store::placed_task>& tasks);
  /// Makes what was said since the last call part of the record; `now` paces the forcing to disk.
  void commit(core::nanoseconds now, bool finished);
  /// Keeps a broadcast value with the job.
  void keep_broadcast(const core::broadcast_bytes& value);
  /// Keys of all broadcast values of the job.
  std::vector<std::array<std::uint64_t, 2>> broadcast_keys() const;
  /// The broadcast value under `key`, or null when the record has none.
  std::shared_ptr<const core::broadcast_bytes> broadcast(const std::uint64_t (&key)[2]) const;
  /// The job is over: others may drive it now.
  void release();
  /// Drives again after release(). Throws `error` (busy) when another process does.
  void drive_again();
  bool cancel_requested(core::nanoseconds now);
  /// The recorded outcome of an item as a run of one; count 0 when there is none.
  detail::outcome_run outcome(std::uint64_t item);

 private:
  std::unique_ptr<store::job_record> record_;
  bool changed_ = false;
  bool new_inputs_ = false;
  bool unsynced_ = false;
  bool unflushed_ = false;
  core::nanoseconds last_sync_ = 0;
  core::nanoseconds last_look_ = 0;
  std::map<std::uint64_t, store::event_record> progress_;  ///< told and not yet recorded, by task
  core::nanoseconds last_progress_ = 0;
};

}  // namespace clusterless::client
