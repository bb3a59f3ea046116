// SPDX-License-Identifier: MIT
// What a session makes of the death of a process, and of time that runs out.
#include <algorithm>
#include <utility>

#include <clusterless/codec.hpp>

#include "session/nested_map.hpp"
#include "session/task_session.hpp"

namespace clusterless::session {

error_info task_session::facts_of(const slot& who, std::uint64_t item, std::uint64_t task,
                                  int attempt) const {
  error_info info;
  info.item = item;
  info.task = task;
  info.attempt = attempt;
  info.pool = shape_.pool;
  info.node = shape_.nodes[who.node];
  info.worker = who.process->facts().id;
  return info;
}

/// Items of a run that have an outcome.
std::uint64_t task_session::reported(std::uint64_t key, const activity& doing) {
  const auto job = runs_.find(key);
  if (job != runs_.end()) return job->second.done;
  nested_map* map = map_of_run(key);
  return map == nullptr ? 0 : map->book.rest_of(map->task_of.at(key)).first - doing.first;
}

void task_session::died(member& dead, const last_moments& how) {
  slot& who = slot_of(dead);
  const std::vector<activity> doing = std::exchange(who.doing, {});
  who.calls_known.clear();
  // Maps the process waited for have nobody left to answer to.
  for (const auto& each : doing)
    if (each.run == 0) drop_map(each.map);
  // It died of the item it was in. Items around that one, which waited for a nested map, are lost
  // through no fault of theirs; so is the first item when it died between items.
  for (auto it = doing.rbegin(); it != doing.rend(); ++it) {
    if (it->run == 0) continue;
    error_info info = facts_of(who, 0, 0, 0);
    info.trace = how.trace;
    info.type = how.why.type;
    info.message = how.why.message;
    std::uint64_t unreported = 0;
    if (it->run == how.run) {
      info.cause = how.why.cause;
      unreported = how.item - std::min(how.item, reported(it->run, *it));
    } else if (!how.was_ready) {
      info.cause = how.why.cause;
      info.message = "the process ended before it was ready: " + how.why.message;
    } else {
      info.cause = how.why.cause == cause::node_lost ? cause::node_lost : cause::killed;
      info.message = "its process ended outside of this item: " + how.why.message;
    }
    const auto job = runs_.find(it->run);
    const bool of_job = job != runs_.end();
    if (of_job) {
      info.task = job->second.order.task;
      info.attempt = job->second.order.attempt;
    }
    item_failed(it->run, unreported, std::move(info));
    if (!of_job) run_over(who, it->run);
  }
  if (who.process->facts().id == 1) {
    while (!maps_.empty())
      drop_map(maps_.begin()->first);
    std::vector<std::uint64_t> keys;
    for (const auto& [key, run] : runs_)
      keys.push_back(key);
    runs_.clear();
    tail_.clear();
    stopped();
    for (const auto key : keys)
      events_.run_ended(*this, key);
  }
  give_nested_work();
}

void task_session::check_time(slot& of) {
  if (of.doing.empty() || !of.process->alive() || of.process->ending()) return;
  const core::nanoseconds now = host_.now();
  auto& area = of.process->link().area();
  for (auto& each : of.doing) {
    if (each.timeout == 0) continue;
    if (&each == &of.doing.back()) {
      const std::uint64_t at = area.run_key.load(std::memory_order_relaxed) << 24 ^
                               area.running.load(std::memory_order_relaxed);
      if (at != each.seen) {
        each.seen = at;
        each.item_started = now;
      }
    }
    if (now - each.item_started > each.timeout) {
      of.process->kill_with_stack(each.timeout);
      return;
    }
  }
}

void task_session::tick() {
  if (kill_at_ && host_.now() >= *kill_at_) slots_.front().process->kill(os::own_kill::cancel);
  for (auto& each : slots_) {
    check_time(each);
    each.process->tick();
  }
  for (const auto& [key, map] : maps_)
    if (map->book.ready(host_.now())) {
      give_nested_work();
      break;
    }
}

std::optional<core::nanoseconds> task_session::next_tick() const {
  std::optional<core::nanoseconds> next;
  const auto at = [&next](core::nanoseconds when) {
    if (!next || when < *next) next = when;
  };
  if (kill_at_) at(*kill_at_);
  for (const auto& each : slots_) {
    if (const auto when = each.process->next_tick()) at(*when);
    for (const auto& doing : each.doing)
      // Looking ten times per limit tells when an item began well enough.
      if (doing.timeout != 0)
        at(host_.now() +
           std::clamp<core::nanoseconds>(doing.timeout / 10, 1'000'000, 1'000'000'000));
  }
  for (const auto& [key, map] : maps_)
    if (const auto when = map->book.next_ready()) at(*when);
  return next;
}

}  // namespace clusterless::session
