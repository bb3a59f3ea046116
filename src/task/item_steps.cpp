// SPDX-License-Identifier: MIT
#include "task/item_steps.hpp"

#include <algorithm>
#include <utility>

#include <clusterless/detail/pack.hpp>

namespace clusterless::task {

namespace {

/// Takes the first `count` items off `from`.
core::piece cut(core::piece& from, std::uint64_t count) {
  count = std::min(count, from.count);
  detail::pack_cursor cursor(from.pack->data + from.offset, from.size);
  detail::entry_view skipped;
  for (std::uint64_t i = 0; i < count; ++i)
    cursor.next(skipped);
  core::piece head = from;
  head.count = count;
  head.size = static_cast<std::size_t>(cursor.position() - (from.pack->data + from.offset));
  from.first += count;
  from.count -= count;
  from.offset += head.size;
  from.size -= head.size;
  return head;
}

}  // namespace

item_steps::item_steps(core::piece items, bool keep_going) : keep_going_(keep_going) {
  steps_.emplace_back(std::move(items));
  drop_empty();
}

void item_steps::drop_empty() {
  while (!steps_.empty()) {
    const auto* items = std::get_if<core::piece>(&steps_.front());
    if (items == nullptr || items->count != 0) return;
    steps_.pop_front();
  }
}

std::optional<error_info> item_steps::take_failure() {
  if (steps_.empty()) return std::nullopt;
  auto* why = std::get_if<error_info>(&steps_.front());
  if (why == nullptr) return std::nullopt;
  error_info taken = std::move(*why);
  steps_.pop_front();
  drop_empty();
  return taken;
}

std::optional<core::piece> item_steps::items() const {
  const auto* found = steps_.empty() ? nullptr : std::get_if<core::piece>(&steps_.front());
  if (found == nullptr) return std::nullopt;
  return *found;
}

void item_steps::succeeded(std::uint64_t count) {
  auto* found = steps_.empty() ? nullptr : std::get_if<core::piece>(&steps_.front());
  if (found != nullptr) cut(*found, count);
  drop_empty();
}

void item_steps::failed(std::uint64_t unreported, error_info why) {
  auto* found = steps_.empty() ? nullptr : std::get_if<core::piece>(&steps_.front());
  if (found == nullptr || unreported >= found->count) return;
  core::piece rest = std::move(*found);
  core::piece again = cut(rest, unreported);
  cut(rest, 1);
  if (!keep_going_)
    steps_.clear();
  else
    steps_.pop_front();
  if (keep_going_) steps_.emplace_front(std::move(rest));
  steps_.emplace_front(std::move(why));
  steps_.emplace_front(std::move(again));
  drop_empty();
}

bool item_steps::skip_to_failure(std::uint64_t& not_run) {
  not_run = 0;
  while (!steps_.empty()) {
    const auto* items = std::get_if<core::piece>(&steps_.front());
    if (items == nullptr) return true;
    not_run += items->count;
    steps_.pop_front();
  }
  return false;
}

}  // namespace clusterless::task
