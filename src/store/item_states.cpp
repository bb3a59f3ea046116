// SPDX-License-Identifier: MIT
#include "store/item_states.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace clusterless::store {
namespace {

/// The bits [low, high) of a word, high <= 64.
std::uint64_t mask_of(std::uint64_t low, std::uint64_t high) {
  const std::uint64_t below = high == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << high) - 1;
  return below & ~((std::uint64_t{1} << low) - 1);
}

/// Up to 64 bits of `map` from bit `at`; what lies beyond it counts as 0.
std::uint64_t bits_from(bytes map, std::uint64_t at) {
  std::uint64_t word = 0;
  const std::uint64_t byte = at / 8;
  const std::uint64_t shift = at % 8;
  if (byte >= map.size()) return 0;
  const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(8, map.size() - byte));
  std::memcpy(&word, map.data() + byte, n);
  word >>= shift;
  if (shift != 0 && byte + 8 < map.size())
    word |= std::to_integer<std::uint64_t>(map[static_cast<std::size_t>(byte + 8)]) << (64 - shift);
  return word;
}

void add_range(std::vector<item_range>& to, std::uint64_t first, std::uint64_t count) {
  if (!to.empty() && to.back().end() == first) {
    to.back().count += count;
  } else {
    to.push_back({first, count});
  }
}

/// Adds the runs of set bits of `word`, whose bit 0 is item `first`.
void add_runs(std::vector<item_range>& to, std::uint64_t first, std::uint64_t word) {
  while (word != 0) {
    const auto start = static_cast<unsigned>(std::countr_zero(word));
    const auto length = static_cast<unsigned>(std::countr_one(word >> start));
    add_range(to, first + start, length);
    word &= length == 64 ? 0 : ~(mask_of(0, length) << start);
  }
}

}  // namespace

std::vector<item_range> item_states::decide(item_range range, bytes failed) {
  std::vector<item_range> fresh;
  for (std::uint64_t at = range.first; at < range.end();) {
    const std::uint64_t number = at / page_items;
    const std::uint64_t until = std::min(range.end(), (number + 1) * page_items);
    decide_in_page(number, {at, until - at}, at - range.first, failed, fresh);
    at = until;
  }
  return fresh;
}

void item_states::decide_in_page(std::uint64_t number, item_range part, std::uint64_t skipped,
                                 bytes failed, std::vector<item_range>& fresh) {
  const auto [at, is_new] = pages_.try_emplace(number);
  page& here = at->second;
  if (!is_new && !here.map) {
    duplicates_ += part.count;
    return;
  }
  if (is_new && part.count == page_items && failed.empty()) {
    here.values = static_cast<std::uint32_t>(page_items);
    values_ += page_items;
    add_range(fresh, part.first, part.count);
    return;
  }
  if (is_new) here.map = std::make_unique<bits>();
  const std::uint64_t base = number * page_items;
  for (std::uint64_t item = part.first; item < part.end();) {
    const std::uint64_t low = item % 64;
    const std::uint64_t high = std::min<std::uint64_t>(64, low + (part.end() - item));
    const auto word = static_cast<std::size_t>((item - base) / 64);
    const std::uint64_t asked = mask_of(low, high);
    const std::uint64_t added = asked & ~here.map->decided[word];
    const std::uint64_t bad = bits_from(failed, skipped + (item - part.first)) << low & added;
    here.map->decided[word] |= added;
    here.map->failed[word] |= bad;
    const auto good = static_cast<std::uint32_t>(std::popcount(added & ~bad));
    here.values += good;
    values_ += good;
    failures_ += static_cast<std::uint64_t>(std::popcount(bad));
    duplicates_ += static_cast<std::uint64_t>(std::popcount(asked & ~added));
    add_runs(fresh, item - low, added);
    item += high - low;
  }
  if (here.values == page_items) here.map.reset();
}

std::uint64_t item_states::withdraw(item_range range) {
  std::uint64_t taken = 0;
  for (auto at = pages_.lower_bound(range.first / page_items); at != pages_.end(); ++at) {
    const std::uint64_t base = at->first * page_items;
    if (base >= range.end()) break;
    if (!at->second.map) continue;
    for (std::size_t word = 0; word < page_words; ++word) {
      const std::uint64_t first = base + word * 64;
      if (first + 64 <= range.first || first >= range.end()) continue;
      const std::uint64_t low = range.first > first ? range.first - first : 0;
      const std::uint64_t high = std::min<std::uint64_t>(64, range.end() - first);
      const std::uint64_t bad = at->second.map->failed[word] & mask_of(low, high);
      at->second.map->failed[word] &= ~bad;
      at->second.map->decided[word] &= ~bad;
      taken += static_cast<std::uint64_t>(std::popcount(bad));
    }
  }
  failures_ -= taken;
  return taken;
}

item_state item_states::get(std::uint64_t item) const {
  const auto at = pages_.find(item / page_items);
  if (at == pages_.end()) return item_state::missing;
  if (!at->second.map) return item_state::value;
  const auto word = static_cast<std::size_t>(item % page_items / 64);
  const std::uint64_t bit = std::uint64_t{1} << (item % 64);
  if ((at->second.map->failed[word] & bit) != 0) return item_state::failed;
  return (at->second.map->decided[word] & bit) != 0 ? item_state::value : item_state::missing;
}

std::vector<item_range> item_states::missing(std::uint64_t from, std::uint64_t to,
                                             std::size_t at_most) const {
  std::vector<item_range> found;
  std::uint64_t next = from;  // everything before it is dealt with
  for (auto at = pages_.lower_bound(from / page_items); at != pages_.end(); ++at) {
    const std::uint64_t base = at->first * page_items;
    if (base >= to || found.size() > at_most) break;
    if (base > next) add_range(found, next, base - next);
    if (at->second.map) {
      for (std::size_t word = 0; word < page_words && found.size() <= at_most; ++word) {
        const std::uint64_t first = base + word * 64;
        if (first + 64 <= from || first >= to) continue;
        const std::uint64_t low = from > first ? from - first : 0;
        const std::uint64_t high = std::min<std::uint64_t>(64, to - first);
        add_runs(found, first, ~at->second.map->decided[word] & mask_of(low, high));
      }
    }
    next = base + page_items;
  }
  if (next < to && found.size() <= at_most) add_range(found, next, to - next);
  if (found.size() > at_most) found.resize(at_most);
  return found;
}

std::vector<item_range> item_states::failed(std::uint64_t from, std::size_t at_most) const {
  std::vector<item_range> found;
  for (auto at = pages_.lower_bound(from / page_items); at != pages_.end(); ++at) {
    if (!at->second.map) continue;
    const std::uint64_t base = at->first * page_items;
    for (std::size_t word = 0; word < page_words && found.size() <= at_most; ++word) {
      const std::uint64_t first = base + word * 64;
      if (first + 64 <= from) continue;
      add_runs(found, first,
               at->second.map->failed[word] & mask_of(from > first ? from - first : 0, 64));
    }
  }
  if (found.size() > at_most) found.resize(at_most);
  return found;
}

std::size_t item_states::memory() const {
  std::size_t n = 0;
  for (const auto& [number, here] : pages_)
    n += sizeof(number) + sizeof(here) + (here.map ? sizeof(bits) : 0);
  return n;
}

void item_states::clear() {
  *this = item_states();
}

}  // namespace clusterless::store
