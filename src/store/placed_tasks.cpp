// SPDX-License-Identifier: MIT
#include "store/placed_tasks.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>

#include "store/journal_frames.hpp"

namespace clusterless::store {
namespace {

struct task_head {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  std::uint64_t task = 0;
  std::uint32_t user_tries = 0;
  std::uint32_t lost_tries = 0;
  std::uint64_t place_size = 0;
};

constexpr std::uint64_t max_place = 4096;

/// Items that are in some task, as ranges that do not touch: begin -> end.
class item_set {
 public:
  /// The parts of `range` that were not in the set; they are now.
  std::vector<item_range> add(const item_range& range) {
    std::vector<item_range> fresh;
    std::uint64_t at = range.first;
    auto next = ranges_.upper_bound(at);
    if (next != ranges_.begin() && std::prev(next)->second >= at) --next;
    std::uint64_t begin = range.first;
    std::uint64_t end = range.end();
    while (next != ranges_.end() && next->first <= range.end()) {
      if (next->first > at) fresh.push_back({at, next->first - at});
      at = std::max(at, next->second);
      begin = std::min(begin, next->first);
      end = std::max(end, next->second);
      next = ranges_.erase(next);
    }
    if (at < range.end()) fresh.push_back({at, range.end() - at});
    ranges_[begin] = end;
    return fresh;
  }

 private:
  std::map<std::uint64_t, std::uint64_t> ranges_;
};

}  // namespace

std::vector<std::byte> encode_tasks(const std::vector<placed_task>& tasks) {
  std::vector<std::byte> out;
  for (const placed_task& each : tasks) {
    const task_head head{each.items.first, each.items.count, each.task,
                         each.user_tries,  each.lost_tries,  each.place.size()};
    const bytes fixed = bytes_of(head);
    const bytes place = std::as_bytes(std::span(each.place));
    out.insert(out.end(), fixed.begin(), fixed.end());
    out.insert(out.end(), place.begin(), place.end());
  }
  return out;
}

bool decode_tasks(bytes from, std::vector<placed_task>& into) {
  std::vector<placed_task> found;
  while (!from.empty()) {
    task_head head;
    if (!read_front(from, head)) return false;
    from = from.subspan(sizeof head);
    if (head.first >= max_items || head.count == 0 || head.count > max_frame_items ||
        head.place_size > std::min<std::uint64_t>(max_place, from.size()))
      return false;
    const auto size = static_cast<std::size_t>(head.place_size);
    found.push_back({{head.first, head.count},
                     head.task,
                     head.user_tries,
                     head.lost_tries,
                     std::string(reinterpret_cast<const char*>(from.data()), size)});
    from = from.subspan(size);
  }
  into.insert(into.end(), std::make_move_iterator(found.begin()),
              std::make_move_iterator(found.end()));
  return true;
}

std::vector<open_task> open_tasks(const std::vector<placed_task>& tasks,
                                  const item_states& states) {
  constexpr auto all = std::numeric_limits<std::size_t>::max();
  item_set later;
  std::vector<open_task> open;
  for (auto task = tasks.rbegin(); task != tasks.rend(); ++task) {
    open_task found{*task, {}};
    for (const item_range& own : later.add(task->items))
      for (const item_range& missing : states.missing(own.first, own.end(), all))
        found.owed.push_back(missing);
    if (!found.owed.empty() && !task->place.empty()) open.push_back(std::move(found));
  }
  std::reverse(open.begin(), open.end());
  return open;
}

}  // namespace clusterless::store
