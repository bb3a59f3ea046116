// SPDX-License-Identifier: MIT
// Where the bytes of items are: a map from ranges of items to frames of logs. It costs 32 bytes a
// range, not a byte per item, and is sorted only when somebody looks something up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace clusterless::store {

/// Items [first, first + count).
struct item_range {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  std::uint64_t end() const { return first + count; }
  friend bool operator==(const item_range&, const item_range&) = default;
};

/// Where one item is: the `entry`-th of the frame at byte `offset` of log number `log`.
struct item_place {
  std::uint32_t log = 0;
  std::uint64_t offset = 0;
  std::uint64_t entry = 0;
  friend bool operator==(const item_place&, const item_place&) = default;
};

class range_index {
 public:
  /// The items of `range` are from now on at `at` and the entries behind it. Ranges added between
  /// two calls of settle() may not overlap; those added later replace what was there before.
  void add(item_range range, const item_place& at);
  std::optional<item_place> find(std::uint64_t item);
  /// Sorts what was added.
  void settle();
  std::size_t memory() const;  ///< bytes
  void clear();

 private:
  struct piece {
    std::uint64_t first;
    std::uint64_t offset;
    std::uint32_t count;
    std::uint32_t entry;
    std::uint32_t log;
    std::uint64_t end() const { return first + count; }
  };
  static std::optional<item_place> place_in(const piece& s, std::uint64_t item);

  std::vector<piece> settled_;  // sorted, without overlaps
  std::vector<piece> recent_;   // as they came; they win over the settled
};

}  // namespace clusterless::store
