// SPDX-License-Identifier: MIT
#include "store/range_index.hpp"

#include <algorithm>

namespace clusterless::store {
namespace {

// A linear look over this many is about as fast as reading one frame.
constexpr std::size_t unsorted_lookup = 1024;

}  // namespace

void range_index::add(item_range range, const item_place& at) {
  if (recent_.size() > settled_.size() + unsorted_lookup) settle();
  // Frames hold fewer than 2^32 items.
  recent_.push_back({range.first, at.offset, static_cast<std::uint32_t>(range.count),
                     static_cast<std::uint32_t>(at.entry), at.log});
}

std::optional<item_place> range_index::place_in(const piece& s, std::uint64_t item) {
  if (item < s.first || item >= s.end()) return std::nullopt;
  return item_place{s.log, s.offset, s.entry + (item - s.first)};
}

std::optional<item_place> range_index::find(std::uint64_t item) {
  if (recent_.size() > unsorted_lookup) settle();
  for (const piece& s : recent_)
    if (const auto found = place_in(s, item)) return found;
  const auto after =
      std::upper_bound(settled_.begin(), settled_.end(), item,
                       [](std::uint64_t value, const piece& s) { return value < s.first; });
  if (after == settled_.begin()) return std::nullopt;
  return place_in(*std::prev(after), item);
}

void range_index::settle() {
  if (recent_.empty()) return;
  const auto by_first = [](const piece& a, const piece& b) { return a.first < b.first; };
  if (!std::is_sorted(recent_.begin(), recent_.end(), by_first))
    std::sort(recent_.begin(), recent_.end(), by_first);
  if (settled_.empty() || settled_.back().end() <= recent_.front().first) {
    settled_.insert(settled_.end(), recent_.begin(), recent_.end());
    recent_.clear();
    return;
  }
  std::vector<piece> merged;
  merged.reserve(settled_.size() + recent_.size());
  const auto keep = [&](piece s, std::uint64_t from, std::uint64_t to) {
    if (from >= to) return;
    s.entry += static_cast<std::uint32_t>(from - s.first);
    s.first = from;
    s.count = static_cast<std::uint32_t>(to - from);
    merged.push_back(s);
  };
  auto fresh = recent_.begin();
  std::uint64_t covered = 0;  // where the last fresh piece ends
  for (const piece& old : settled_) {
    std::uint64_t from = std::max(old.first, covered);
    for (; fresh != recent_.end() && fresh->first < old.end(); ++fresh) {
      keep(old, from, std::max(from, fresh->first));
      merged.push_back(*fresh);
      covered = fresh->end();
      from = std::max(from, covered);
    }
    keep(old, from, old.end());
  }
  merged.insert(merged.end(), fresh, recent_.end());
  settled_ = std::move(merged);
  recent_.clear();
}

std::size_t range_index::memory() const {
  return (settled_.capacity() + recent_.capacity()) * sizeof(piece);
}

void range_index::clear() {
  settled_.clear();
  recent_.clear();
}

}  // namespace clusterless::store
