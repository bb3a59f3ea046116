// SPDX-License-Identifier: MIT
#include "client/adopted_task.hpp"

#include <algorithm>

#include <clusterless/detail/pack.hpp>

namespace clusterless::client {

std::vector<adopted_task::share> adopted_task::take(std::uint64_t count) {
  count = std::min(count, rest_.count);
  const std::uint64_t end = rest_.first + count;
  std::vector<share> shares;
  for (const part& each : parts_) {
    const std::uint64_t from = std::max(each.items.first, rest_.first);
    const std::uint64_t to = std::min(each.items.end(), end);
    if (from < to) shares.push_back({each.task, from - rest_.first, to - from});
  }
  rest_.first = end;
  rest_.count -= count;
  return shares;
}

core::outcome_bytes part_of(const core::outcome_bytes& pack, std::uint64_t skip,
                            std::uint64_t count) {
  detail::pack_cursor cursor(pack.data, pack.size);
  detail::entry_view entry;
  const auto walk = [&](std::uint64_t entries) {
    for (std::uint64_t i = 0; i < entries; ++i)
      if (!cursor.next(entry)) break;
    return cursor.position();
  };
  core::outcome_bytes part = pack;
  part.data = walk(skip);
  part.size = static_cast<std::size_t>(walk(count) - part.data);
  return part;
}

}  // namespace clusterless::client
