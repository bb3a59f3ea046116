// SPDX-License-Identifier: MIT
// The outcomes a client holds, in the packs they came in: by item, and in the order of finishing.
// Packs that a consumer has passed, or that are in the store as well, can be let go.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include <clusterless/detail/client.hpp>

#include "core/task.hpp"

namespace clusterless::client {

/// Consecutive items.
struct item_range {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

class outcome_table {
 public:
  /// Outcomes of items first … first+count-1. Bytes that lie in a segment are kept, others copied.
  void add(std::uint64_t first, std::uint64_t count, core::outcome_bytes pack);
  /// Outcomes of which only the place in the order of finishing is kept here.
  void add_elsewhere(std::uint64_t first, std::uint64_t count);
  /// Removes the outcomes of items that came alone and lie in one of `ranges`: they are tried
  /// again.
  void withdraw(std::vector<item_range> ranges);

  /// The outcomes from `item` to the end of its pack; count 0 when it is not held.
  detail::outcome_run from(std::uint64_t item) const;
  /// Packs that have finished so far, those let go included; withdrawn ones have a count of 0.
  std::size_t finished() const noexcept { return order_.size(); }
  item_range at(std::size_t index) const { return order_[index]; }

  /// Lets go of packs that lie before `item` as a whole.
  void release_before(std::uint64_t item);
  /// Throws `error` (misuse) when the outcome of `item` was let go.
  void require(std::uint64_t item) const;
  /// Lets go of everything; the outcomes can be had elsewhere.
  void let_go();
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  struct kept {
    std::uint64_t count = 0;
    const std::byte* data = nullptr;
    std::size_t size = 0;
    detail::segment_list beside = {};
    std::shared_ptr<const void> keep = {};
  };
  std::map<std::uint64_t, std::shared_ptr<const kept>> packs_;
  std::deque<item_range> order_;
  std::uint64_t released_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace clusterless::client
