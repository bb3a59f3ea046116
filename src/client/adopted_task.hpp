// SPDX-License-Identifier: MIT
// A task that another client handed out and of which some items are settled: it tells of all its
// items once more, in order, and this says which of them are for the book. Pure.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "core/task.hpp"
#include "store/placed_tasks.hpp"

namespace clusterless::client {

class adopted_task {
 public:
  /// Owed items, and the task that the book knows them by.
  struct part {
    store::item_range items = {};
    std::uint64_t task = 0;
  };
  /// Of the items told of next, those from `skip` on that belong to a task of the book.
  struct share {
    std::uint64_t task = 0;
    std::uint64_t skip = 0;
    std::uint64_t count = 0;
  };

  adopted_task(const store::item_range& all, std::vector<part> parts)
      : rest_(all), parts_(std::move(parts)) {}

  /// The task tells of its next `count` items.
  std::vector<share> take(std::uint64_t count);
  /// Those that it has not told of.
  const store::item_range& rest() const noexcept { return rest_; }
  const std::vector<part>& parts() const noexcept { return parts_; }

 private:
  store::item_range rest_;
  std::vector<part> parts_;
};

/// Entries `skip` to skip + count - 1 of a pack.
core::outcome_bytes part_of(const core::outcome_bytes& pack, std::uint64_t skip,
                            std::uint64_t count);

}  // namespace clusterless::client
