// SPDX-License-Identifier: MIT
#include "core/job_book.hpp"

#include <algorithm>
#include <utility>

#include <clusterless/detail/pack.hpp>

#include "core/defaults.hpp"

namespace clusterless::core {

namespace {

/// Bytes that `count` entries take, from `offset` on. The pack was made here or checked before.
std::size_t bytes_of(const item_pack& pack, std::size_t offset, std::uint64_t count) {
  detail::pack_cursor cursor(pack.data + offset, pack.size - offset);
  detail::entry_view entry;
  for (std::uint64_t i = 0; i < count; ++i)
    if (!cursor.next(entry)) break;
  return static_cast<std::size_t>(cursor.position() - pack.data) - offset;
}

// A lost item comes back at once the first time, then after 0.1 s, 0.2 s, … up to 30 s: a node that
// dies at once must not eat the budget in a moment.
nanoseconds lost_delay(int times) {
  constexpr nanoseconds first = 100'000'000;
  if (times <= 1) return 0;
  return first << std::min(times - 2, 8);
}

}  // namespace

bool charged_to_lost(cause why) noexcept {
  return why == cause::node_lost || why == cause::killed;
}

void job_book::offer(item_pack_ptr pack) {
  counts_.offered += pack->count;
  const std::size_t size = pack->size;
  waiting_.push_back({pack->first, pack->count, std::move(pack), 0, size});
}

void job_book::adopt(std::uint64_t number, item_pack_ptr items, int user, int lost) {
  counts_.offered += items->count;
  counts_.running += items->count;
  if (user != 0 || lost != 0)
    for (std::uint64_t i = 0; i < items->count; ++i)
      attempts_[items->first + i] = {user, lost};
  task_order order;
  order.task = number;
  order.attempt = attempt_of(items->first);
  const std::size_t size = items->size;
  order.items = {items->first, items->count, std::move(items), 0, size};
  tasks_.emplace(number, std::move(order));
  number_on(number);
}

void job_book::skip(std::uint64_t count, std::uint64_t failed) {
  counts_.offered += count;
  counts_.settled += count;
  counts_.failed += failed;
}

void job_book::unskip(std::uint64_t count) {
  counts_.offered -= count;
  counts_.settled -= count;
  counts_.failed -= count;
}

piece job_book::cut(piece& from, std::uint64_t count) const {
  if (count >= from.count) return std::exchange(from, {});
  piece head = from;
  head.count = count;
  head.size = bytes_of(*from.pack, from.offset, count);
  from.first += count;
  from.count -= count;
  from.offset += head.size;
  from.size -= head.size;
  return head;
}

std::size_t job_book::items_wanted(std::size_t slots, std::uint64_t remaining) const {
  if (limits_.items_per_task != 0) return limits_.items_per_task;
  if (item_time_ <= 0) return 1;
  const double by_time = static_cast<double>(limits_.pace.run_time) / item_time_;
  auto wanted = static_cast<std::size_t>(
      std::clamp(by_time, 1.0, static_cast<double>(defaults::max_items_per_task)));
  wanted = std::min(wanted, std::max<std::size_t>(last_size_, 1) * limits_.pace.growth);
  std::uint64_t left = remaining;
  for (const auto& waiting : waiting_) {
    left += waiting.count;
    if (left > wanted * slots * 2) return wanted;
  }
  return std::max<std::size_t>(
      1, std::min<std::size_t>(
             wanted, static_cast<std::size_t>(left / (2 * std::max<std::size_t>(slots, 1)))));
}

std::optional<task_order> job_book::take(nanoseconds now, std::size_t slots,
                                         std::uint64_t remaining) {
  if (stopped_) return std::nullopt;
  task_order order;
  if (!retries_.empty() && retries_.begin()->first <= now) {
    order.items = std::move(retries_.begin()->second);
    retries_.erase(retries_.begin());
    order.attempt = attempt_of(order.items.first);
  } else {
    if (waiting_.empty()) return std::nullopt;
    const std::size_t wanted = items_wanted(slots, remaining);
    piece& front = waiting_.front();
    order.items = cut(front, wanted);
    if (front.count == 0) waiting_.pop_front();
    last_size_ = static_cast<std::size_t>(order.items.count);
    order.attempt = attempts_.empty() ? 1 : attempt_of(order.items.first);
  }
  order.task = next_task_++;
  counts_.running += order.items.count;
  tasks_.emplace(order.task, order);
  return order;
}

bool job_book::ready(nanoseconds now) const {
  if (stopped_) return false;
  return !waiting_.empty() || (!retries_.empty() && retries_.begin()->first <= now);
}

std::optional<nanoseconds> job_book::next_ready() const {
  if (retries_.empty() || stopped_) return std::nullopt;
  return retries_.begin()->first;
}

void job_book::succeeded(std::uint64_t task, std::uint64_t count, nanoseconds spent) {
  const auto found = tasks_.find(task);
  if (found == tasks_.end() || count == 0) return;
  piece& rest = found->second.items;
  count = std::min(count, rest.count);
  if (count == rest.count) {
    rest.first += count;
    rest.count = 0;
  } else {
    cut(rest, count);
  }
  counts_.settled += count;
  counts_.running -= count;
  const double each =
      static_cast<double>(std::max<nanoseconds>(spent, 1)) / static_cast<double>(count);
  item_time_ = item_time_ <= 0 ? each : item_time_ * 0.5 + each * 0.5;
}

bool job_book::failed(std::uint64_t task, cause why, nanoseconds now, std::uint64_t unreported) {
  const auto found = tasks_.find(task);
  if (found == tasks_.end() || found->second.items.count <= unreported) return false;
  if (unreported != 0) {
    counts_.running -= unreported;
    waiting_.push_front(cut(found->second.items, unreported));
  }
  piece one = cut(found->second.items, 1);
  --counts_.running;
  auto& tried = attempts_[one.first];
  const bool lost = charged_to_lost(why);
  const bool again = !stopped_ && why != cause::cancelled && why != cause::too_large &&
                     why != cause::input_failed &&
                     (lost ? tried.lost < limits_.retries_lost : tried.user < limits_.retries_user);
  if (!again) {
    ++counts_.settled;
    ++counts_.failed;
    given_up_[one.first] = std::move(one);
    if (limits_.stop_on_error && why != cause::cancelled) stopped_ = true;
    return true;
  }
  ++counts_.retried;
  if (lost) ++counts_.lost;
  ++(lost ? tried.lost : tried.user);
  retries_.emplace(now + (lost ? lost_delay(tried.lost) : 0), std::move(one));
  return false;
}

void job_book::ended(std::uint64_t task) {
  const auto found = tasks_.find(task);
  if (found == tasks_.end()) return;
  if (found->second.items.count != 0) {
    counts_.running -= found->second.items.count;
    waiting_.push_front(std::move(found->second.items));
  }
  tasks_.erase(found);
}

std::vector<piece> job_book::withdraw() {
  std::vector<piece> taken(std::make_move_iterator(waiting_.begin()),
                           std::make_move_iterator(waiting_.end()));
  for (auto& [when, items] : retries_)
    taken.push_back(std::move(items));
  waiting_.clear();
  retries_.clear();
  for (const auto& items : taken) {
    counts_.settled += items.count;
    counts_.failed += items.count;
    given_up_[items.first] = items;
  }
  return taken;
}

std::vector<piece> job_book::retry_given_up() {
  std::vector<piece> all;
  for (auto& [first, items] : given_up_) {
    counts_.settled -= items.count;
    counts_.failed -= items.count;
    for (std::uint64_t i = 0; i < items.count; ++i)
      attempts_.erase(first + i);
    waiting_.push_back(items);
    all.push_back(std::move(items));
  }
  given_up_.clear();
  stopped_ = false;
  return all;
}

piece job_book::rest_of(std::uint64_t task) const {
  const auto found = tasks_.find(task);
  return found == tasks_.end() ? piece{} : found->second.items;
}

int job_book::attempt_of(std::uint64_t item) const {
  const auto found = attempts_.find(item);
  return found == attempts_.end() ? 1 : 1 + found->second.user + found->second.lost;
}

job_book::attempts job_book::tries_of(std::uint64_t item) const {
  const auto found = attempts_.find(item);
  return found == attempts_.end() ? attempts{} : found->second;
}

void job_book::reopen(item_pack_ptr items) {
  counts_.settled -= items->count;
  counts_.failed -= items->count;
  stopped_ = false;
  const std::size_t size = items->size;
  waiting_.push_back({items->first, items->count, std::move(items), 0, size});
}

}  // namespace clusterless::core
