// SPDX-License-Identifier: MIT
// How a job is taken up from its record: what is settled is left alone, tasks that outlived their
// client are adopted, and the rest runs again.
#include <algorithm>
#include <map>
#include <utility>

#include "client/job.hpp"
#include "core/defaults.hpp"

namespace clusterless::client {

namespace {

/// The items of `range` that are in none of `taken`, which are sorted.
std::vector<item_range> without(const item_range& range, const std::vector<item_range>& taken) {
  std::vector<item_range> left;
  std::uint64_t at = range.first;
  const std::uint64_t end = range.first + range.count;
  for (const auto& each : taken) {
    if (each.first + each.count <= at) continue;
    if (each.first >= end) break;
    if (each.first > at) left.push_back({at, each.first - at});
    at = each.first + each.count;
  }
  if (at < end) left.push_back({at, end - at});
  return left;
}

}  // namespace

store::placed_task job::placed(const core::run_order& order, std::string place) const {
  const auto tries = book_.tries_of(order.items.first);
  store::placed_task placed;
  placed.items = {order.items.first, order.items.count};
  placed.task = order.task;
  placed.user_tries = static_cast<std::uint32_t>(tries.user);
  placed.lost_tries = static_cast<std::uint32_t>(tries.lost);
  placed.place = std::move(place);
  return placed;
}

std::vector<engine::placed_order> job::restore() {
  auto& record = record_->record();
  const auto counts = record.counts();
  book_.skip(counts.done + counts.failed, counts.failed);
  pulled_ = counts.submitted;
  total_ = counts.submitted;
  const auto open = record.open_tasks();
  auto orders = adopt_tasks(open);
  std::vector<item_range> owed;
  for (const auto& each : open)
    for (const auto& range : each.owed)
      owed.push_back({range.first, range.count});
  std::sort(owed.begin(), owed.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::uint64_t next = 0;
  const auto settled_up_to = [&](std::uint64_t end) {
    if (end > next) restored_.push_back({next, end - next});
  };
  for (const auto& range : record.missing()) {
    settled_up_to(range.first);
    next = range.end();
    if (range.first >= counts.submitted) break;
    const std::uint64_t end = std::min(range.end(), counts.submitted);
    for (const auto& each : without({range.first, end - range.first}, owed))
      offer_recorded({each.first, each.count}, false);
  }
  settled_up_to(counts.submitted);
  if (!record.sealed()) end_recorded_input(counts.submitted);
  book_.input_ended();
  return orders;
}

std::vector<engine::placed_order> job::adopt_tasks(const std::vector<store::open_task>& open) {
  // What is told of tasks goes by their numbers: none is used twice.
  std::uint64_t last = 0;
  for (const auto& each : record_->record().tasks())
    last = std::max(last, each.task);
  book_.number_on(last);
  std::vector<engine::placed_order> orders;
  for (const auto& each : open) {
    std::vector<adopted_task::part> parts;
    core::item_pack_ptr pack;
    for (const auto& range : each.owed) {
      const std::uint64_t number = parts.empty() ? each.what.task : ++last;
      pack = recorded_pack(range.first, range.end(), true);
      book_.adopt(number, pack, static_cast<int>(each.what.user_tries),
                  static_cast<int>(each.what.lost_tries));
      parts.push_back({range, number});
    }
    const auto& all = each.what.items;
    const bool whole = parts.size() == 1 && parts[0].items == all;
    if (!whole) adopted_.emplace(each.what.task, adopted_task(all, std::move(parts)));
    engine::placed_order placed;
    placed.place = each.what.place;
    auto& run = placed.order;
    run.call = facts_.call;
    run.shape = facts_.shape;
    run.items.first = all.first;
    run.items.count = all.count;
    if (whole) {
      run.items.size = pack->size;
      run.items.pack = std::move(pack);
    }
    run.task = each.what.task;
    run.attempt = book_.attempt_of(all.first);
    run.priority = facts_.options.priority;
    run.keep_going = !facts_.limits.stop_on_error;
    orders.push_back(std::move(placed));
  }
  if (!open.empty()) count_recorded_output(open);
  return orders;
}

// Adopted tasks tell once more what they printed.
void job::count_recorded_output(const std::vector<store::open_task>& open) {
  for (const auto& each : open)
    printed_before_[each.what.task] = 0;
  auto output = record_->record().read_output();
  store::output_record line;
  for (;;) {
    try {
      if (!output.next(line)) break;
    } catch (const error&) {
      continue;  // damaged: it goes on behind it
    }
    if (const auto found = printed_before_.find(line.task); found != printed_before_.end())
      found->second += line.text.size();
  }
  std::erase_if(printed_before_, [](const auto& each) { return each.second == 0; });
}

std::string_view job::not_printed_before(std::uint64_t task, std::string_view text) {
  const auto found = printed_before_.find(task);
  if (found == printed_before_.end()) return text;
  const auto known = std::min<std::uint64_t>(found->second, text.size());
  text.remove_prefix(static_cast<std::size_t>(known));
  found->second -= known;
  if (found->second == 0) printed_before_.erase(found);
  return text;
}

// --- what adopted tasks tell -------------------------------------------------------------------

void job::succeeded(std::uint64_t task, std::uint64_t count, core::nanoseconds spent,
                    core::outcome_bytes pack) {
  const auto found = adopted_.find(task);
  if (found == adopted_.end()) return settle_values(task, count, spent, std::move(pack));
  for (const auto& share : found->second.take(count))
    settle_values(
        share.task, share.count,
        spent / static_cast<core::nanoseconds>(count) * static_cast<core::nanoseconds>(share.count),
        part_of(pack, share.skip, share.count));
}

void job::failed(std::uint64_t task, std::uint64_t unreported, error_info why,
                 core::nanoseconds now) {
  const auto found = adopted_.find(task);
  if (found == adopted_.end()) return settle_failure(task, unreported, std::move(why), now);
  for (const auto& share : found->second.take(unreported + 1)) {
    if (share.skip + share.count == unreported + 1)
      settle_failure(share.task, share.count - 1, why, now);
    else
      end_task(share.task);  // all that this part still had
  }
}

void job::ended(std::uint64_t task) {
  const auto found = adopted_.find(task);
  if (found == adopted_.end()) return end_task(task);
  for (const auto& each : found->second.parts())
    end_task(each.task);
  adopted_.erase(found);
}

void job::settle_task(std::uint64_t task, const error_info& why) {
  if (const auto found = adopted_.find(task); found != adopted_.end()) {
    for (const auto& each : found->second.parts())
      book_.ended(each.task);
    adopted_.erase(found);
  } else {
    book_.ended(task);
  }
  // Put back, they are withdrawn with the rest, and kept for a retry.
  for (const auto& piece : book_.withdraw())
    unrun_.push_back({{piece.first, piece.count}, why});
}

item_range job::open_items(std::uint64_t task) const {
  if (const auto found = adopted_.find(task); found != adopted_.end())
    return {found->second.rest().first, found->second.rest().count};
  const core::piece rest = book_.rest_of(task);
  return {rest.first, rest.count};
}

}  // namespace clusterless::client
