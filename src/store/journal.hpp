// SPDX-License-Identifier: MIT
// The journal of a job: one log for each driver's epoch, `<folder>/journal/<epoch>`, with inputs,
// outcomes and withdrawals in the order they happened. Reading it from several processes at once is
// its normal use; each sees the same first outcome of every item.
//
// A log belongs to one driver for ever. It opens with how far each earlier log counts ("fences"): a
// driver that was thought dead and still writes changes nothing any more, and the end another one
// left unfinished stays behind its fence. So no outcome depends on a lock being honoured.
#pragma once

#include <clusterless/detail/pack.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/framed_log.hpp"
#include "store/item_states.hpp"
#include "store/journal_frames.hpp"
#include "store/placed_tasks.hpp"
#include "store/range_index.hpp"
#include "store/store.hpp"

namespace clusterless::store {

/// One input or outcome as it was stored.
struct stored_entry {
  detail::entry_kind kind = detail::entry_kind::value;
  bytes body = {};            ///< the encoded value or error; valid while `owner` lives
  std::uint64_t task = 0;     ///< of an outcome
  std::uint32_t attempt = 0;  ///< of an outcome
  std::shared_ptr<const buffer> owner = {};
};

/// Follows the journal of a job and knows what is in it.
class journal {
 public:
  /// Reads nothing yet. With `salvage`, frames that were damaged are left out and remembered, where
  /// else refresh() throws; every body is then read and checked.
  journal(const object_store& from, std::string folder, bool salvage);
  ~journal();

  /// Reads what was added since; true when that changed anything. Throws `error` (failed) naming
  /// place, frame and byte when bytes were changed.
  bool refresh();

  const item_states& states() const { return states_; }
  std::uint64_t submitted() const { return submitted_; }  ///< inputs 0 … submitted - 1 are there
  std::optional<std::uint64_t> sealed() const { return sealed_; }
  /// Tasks that outlive the client and may be there, in the order they were recorded.
  const std::vector<placed_task>& tasks() const { return tasks_; }
  std::uint64_t last_epoch() const { return logs_.size(); }
  /// How far each log has been read.
  std::vector<fence> read_up_to() const;
  /// The epochs whose logs no later one has fenced in.
  std::vector<std::uint64_t> unfenced() const;

  std::optional<stored_entry> outcome(std::uint64_t item);
  std::optional<stored_entry> input(std::uint64_t item);

  /// What salvage left out, and the ends of logs that do not count.
  std::vector<log_damage> remarks() const;
  std::size_t memory() const;  ///< bytes of the index

 private:
  struct log;
  struct cached_frame;
  using problem = const char*;  // what is wrong with a frame; null: nothing

  void find_logs();
  bool open_logs();
  bool set_limits();
  bool read_log(std::uint32_t number);
  void start_over();
  problem apply(std::uint32_t number, const frame& f);
  problem apply_inputs(std::uint32_t number, const frame& f);
  problem apply_outcomes(std::uint32_t number, const frame& f);
  problem apply_reopened(std::uint32_t number, const frame& f);
  problem apply_tasks(std::uint32_t number, const frame& f);
  problem check_pack(std::uint32_t number, const frame& f, std::uint64_t count);
  stored_entry entry_at(const item_place& at, cached_frame& cache);
  void load(const item_place& at, cached_frame& cache);

  const object_store* from_;
  std::string folder_;
  bool salvage_;
  std::vector<std::unique_ptr<log>> logs_;  // logs_[i] is epoch i + 1
  item_states states_;
  range_index outcomes_;
  range_index inputs_;
  std::uint64_t submitted_ = 0;
  std::optional<std::uint64_t> sealed_;
  std::vector<placed_task> tasks_;
  std::vector<log_damage> damages_;
  std::unique_ptr<cached_frame> outcome_cache_;
  std::unique_ptr<cached_frame> input_cache_;
};

}  // namespace clusterless::store
