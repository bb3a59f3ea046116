// SPDX-License-Identifier: MIT
// The driver's end of a job's journal: adds frames to the log of its own epoch and makes them
// durable. Checks the form of what it is given; what may be added when is its caller's concern.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/framed_log.hpp"
#include "store/journal_frames.hpp"
#include "store/placed_tasks.hpp"
#include "store/range_index.hpp"

namespace clusterless::store {

/// Frames of a journal, added by its driver.
class journal_writer {
 public:
  /// Opens the log of `epoch`, which was claimed just now, with the fences of those before it.
  journal_writer(object_store& to, const std::string& folder, std::uint64_t epoch,
                 const std::vector<fence>& fences);

  /// Packs are copied or written before these return. They throw `error`: misuse for a pack that
  /// does not hold an entry per item, and what log_writer::add throws.
  void add_inputs(item_range range, bytes pack);
  void add_sealed(std::uint64_t total);
  void add_outcomes(item_range range, std::uint64_t task, std::uint32_t attempt, bytes pack);
  void add_reopened(const std::vector<item_range>& failed);
  void add_tasks(const std::vector<placed_task>& tasks);
  void add_tasks_gone();
  /// Writes what was added and, when `durable`, waits until it would survive the machine.
  void commit(bool durable);

 private:
  log_writer log_;
  buffer meta_;
};

}  // namespace clusterless::store
