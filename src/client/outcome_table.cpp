// SPDX-License-Identifier: MIT
#include "client/outcome_table.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

namespace clusterless::client {

void outcome_table::add(std::uint64_t first, std::uint64_t count, core::outcome_bytes pack) {
  auto made = std::make_shared<kept>();
  made->count = count;
  made->size = pack.size;
  made->beside = std::move(pack.beside);
  if (pack.shared) {
    made->data = pack.data;
    made->keep = std::move(pack.shared);
  } else {
    auto copy = std::make_shared<detail::buffer>();
    copy->append(pack.data, pack.size);
    made->data = copy->data();
    made->keep = std::move(copy);
  }
  bytes_ += made->size;
  order_.push_back({first, count});
  packs_[first] = std::move(made);
}

void outcome_table::add_elsewhere(std::uint64_t first, std::uint64_t count) {
  order_.push_back({first, count});
}

void outcome_table::withdraw(std::vector<item_range> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const item_range& a, const item_range& b) { return a.first < b.first; });
  for (auto& each : order_) {
    if (each.count != 1) continue;
    const auto after = std::upper_bound(
        ranges.begin(), ranges.end(), each.first,
        [](std::uint64_t item, const item_range& range) { return item < range.first; });
    if (after == ranges.begin() || each.first - std::prev(after)->first >= std::prev(after)->count)
      continue;
    each.count = 0;
    const auto found = packs_.find(each.first);
    if (found == packs_.end()) continue;
    bytes_ -= found->second->size;
    packs_.erase(found);
  }
}

detail::outcome_run outcome_table::from(std::uint64_t item) const {
  const auto after = packs_.upper_bound(item);
  if (after == packs_.begin()) return {};
  const auto& [first, pack] = *std::prev(after);
  if (item - first >= pack->count) return {};
  detail::pack_cursor cursor(pack->data, pack->size);
  detail::entry_view skipped;
  for (std::uint64_t i = first; i < item; ++i)
    if (!cursor.next(skipped)) return {};
  const auto passed = static_cast<std::size_t>(cursor.position() - pack->data);
  return {static_cast<std::size_t>(item),
          static_cast<std::size_t>(pack->count - (item - first)),
          pack->data + passed,
          pack->size - passed,
          &pack->beside,
          pack};
}

void outcome_table::release_before(std::uint64_t item) {
  while (!packs_.empty()) {
    const auto& [first, pack] = *packs_.begin();
    if (first + pack->count > item) return;
    released_ = first + pack->count;
    bytes_ -= pack->size;
    packs_.erase(packs_.begin());
  }
}

void outcome_table::require(std::uint64_t item) const {
  if (item < released_)
    throw error(error_kind::misuse,
                "the results before item " + std::to_string(released_) +
                    " were let go when they were reduced; fetch first, or name the job");
}

void outcome_table::let_go() {
  packs_.clear();
  bytes_ = 0;
}

}  // namespace clusterless::client
