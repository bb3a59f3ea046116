// SPDX-License-Identifier: MIT
// Which items of a job have an outcome, and of which kind: two bits an item, in pages that exist
// only where something is neither untouched nor all values. The first outcome of an item stands;
// only a failure can be withdrawn.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "store/range_index.hpp"
#include "store/store.hpp"

namespace clusterless::store {

enum class item_state : std::uint8_t {
  missing,  ///< no outcome yet, or its failure was withdrawn
  value,
  failed,
};

class item_states {
 public:
  /// Gives the items of `range` outcomes and returns those that had none before. Bit i of `failed`
  /// (bit i % 8 of byte i / 8) says that item first + i failed; an empty `failed`: all are values.
  std::vector<item_range> decide(item_range range, bytes failed);
  /// Takes the failures in `range` back; returns how many there were.
  std::uint64_t withdraw(item_range range);

  item_state get(std::uint64_t item) const;
  std::uint64_t values() const { return values_; }
  std::uint64_t failures() const { return failures_; }
  /// Outcomes that came after the first and were discarded.
  std::uint64_t duplicates() const { return duplicates_; }
  /// Items without an outcome from `from` to before `to`, at most `at_most` ranges.
  std::vector<item_range> missing(std::uint64_t from, std::uint64_t to, std::size_t at_most) const;
  /// Failed items from `from`, at most `at_most` ranges.
  std::vector<item_range> failed(std::uint64_t from, std::size_t at_most) const;
  std::size_t memory() const;  ///< bytes
  void clear();

 private:
  static constexpr std::uint64_t page_items = 1u << 16;
  static constexpr std::size_t page_words = page_items / 64;
  struct bits {
    std::array<std::uint64_t, page_words> decided = {};
    std::array<std::uint64_t, page_words> failed = {};
  };
  struct page {
    std::unique_ptr<bits> map;  // null: every item has a value
    std::uint32_t values = 0;
  };
  void decide_in_page(std::uint64_t number, item_range part, std::uint64_t skipped, bytes failed,
                      std::vector<item_range>& fresh);

  std::map<std::uint64_t, page> pages_;
  std::uint64_t values_ = 0;
  std::uint64_t failures_ = 0;
  std::uint64_t duplicates_ = 0;
};

}  // namespace clusterless::store
