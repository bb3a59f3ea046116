// SPDX-License-Identifier: MIT
#include "session/nested_map.hpp"

#include <algorithm>
#include <cstring>

#include <clusterless/codec.hpp>
#include <clusterless/detail/pack.hpp>

#include "core/defaults.hpp"
#include "session/run_item.hpp"

namespace clusterless::session {

void task_session::nested_map::pass_on(task_session& in, std::uint64_t first, std::uint64_t count,
                                       os::message& pack) {
  auto& owner = in.slots_[static_cast<std::size_t>(key.first) - 1];
  if (!owner.process->alive()) return;
  owner.process->send(wire::type::nested_outcomes, wire::nested_outcomes{key.second, first, count},
                      {pack.data, pack.size, pack.shared}, pack.beside);
}

task_session::nested_map* task_session::find_map(const map_key& key) {
  const auto found = maps_.find(key);
  return found == maps_.end() ? nullptr : found->second.get();
}

task_session::nested_map* task_session::map_of_run(std::uint64_t key) {
  const auto found = nested_runs_.find(key);
  return found == nested_runs_.end() ? nullptr : find_map(found->second);
}

task_session::activity* task_session::find_run(slot& in, std::uint64_t key) {
  const auto found = std::find_if(in.doing.begin(), in.doing.end(),
                                  [key](const activity& each) { return each.run == key; });
  return found == in.doing.end() || key == 0 ? nullptr : &*found;
}

void task_session::on_nested_begin(slot& from, os::message& what) {
  const auto got = wire::fixed_part<wire::nested_begin>(what.fixed, what.fixed_size);
  const int owner = from.process->facts().id;
  activity* by = got ? find_run(from, got->run) : nullptr;
  const bool sound = by != nullptr && got->env_bytes <= what.size && got->pinned >= 0 &&
                     got->pinned <= from.process->facts().count &&
                     find_map({owner, got->map}) == nullptr;
  if (!sound) {
    protocol_broken(from);
    return;
  }
  core::book_limits limits;
  limits.retries_user = got->retries_user;
  limits.retries_lost = got->retries_lost;
  limits.items_per_task = static_cast<std::size_t>(got->items_per_task);
  limits.stop_on_error = got->stop_on_error != 0;
  auto map = std::make_unique<nested_map>(map_key{owner, got->map}, limits);
  auto call = std::make_shared<core::call_spec>();
  call->id = host_.next_key();
  call->entry_offset = got->entry_offset;
  call->target_offset = got->target_offset;
  call->max_item_bytes = got->max_item_bytes;
  call->timeout = got->timeout_ns;
  call->env.assign(reinterpret_cast<const char*>(what.data), got->env_bytes);
  call->bound.assign(what.data + got->env_bytes, what.data + what.size);
  map->call = std::move(call);
  map->pinned = got->pinned;
  map->depth = static_cast<std::uint32_t>(from.doing.size());
  map->root = by->root;
  if (!runs_.empty()) map->task = runs_.begin()->second.order.task;
  if (!by->begun || by->item != got->item) by->item_started = host_.now();
  by->begun = true;
  by->item = got->item;
  activity waits;
  waits.map = map->key;
  waits.root = map->root;
  from.doing.insert(from.doing.begin() + (by - from.doing.data()) + 1, waits);
  if (ending_ && ending_->run == map->root) close_map(*map, stopped_by_job());
  maps_.emplace(map->key, std::move(map));
}

void task_session::on_nested_items(slot& from, os::message& what) {
  const auto got = wire::fixed_part<wire::nested_items>(what.fixed, what.fixed_size);
  nested_map* map = got ? find_map({from.process->facts().id, got->map}) : nullptr;
  if (map == nullptr || got->first != map->book.counts().offered ||
      !detail::is_pack(what.data, what.size, got->count)) {
    protocol_broken(from);
    return;
  }
  if (got->count != 0) {
    core::item_pack_ptr pack;
    if (what.shared) {
      pack = std::make_shared<core::item_pack>(got->first, got->count, what.shared, what.data,
                                               what.size, what.beside);
    } else {
      detail::buffer bytes;
      bytes.append(what.data, what.size);
      pack =
          std::make_shared<core::item_pack>(got->first, got->count, std::move(bytes), what.beside);
    }
    map->book.offer(std::move(pack));
  }
  if (got->end != 0) map->book.input_ended();
  settle_unrun(*map);
  give_nested_work();
}

void task_session::on_nested_end(slot& from, os::message& what) {
  const auto got = wire::fixed_part<wire::nested_end>(what.fixed, what.fixed_size);
  const map_key key{from.process->facts().id, got ? got->map : 0};
  const auto waits = std::find_if(from.doing.begin(), from.doing.end(), [&](const activity& each) {
    return each.run == 0 && each.map == key;
  });
  if (!got || waits == from.doing.end()) {
    protocol_broken(from);
    return;
  }
  from.doing.erase(waits);
  // Items of it that were on their way to its own process are not begun any more.
  std::erase_if(from.doing, [&](const activity& each) { return each.run != 0 && each.map == key; });
  drop_map(key);
  give_nested_work();
}

// Whoever still works on the map does so for nobody, and may go on for hours: it is ended, unless
// it has been asked to stop and has some time left for that.
void task_session::drop_map(const map_key& key) {
  nested_map* map = find_map(key);
  if (map == nullptr) return;
  const bool stopping = ending_ && ending_->run == map->root;
  for (auto& each : slots_) {
    const bool works_on_it =
        std::any_of(each.doing.begin(), each.doing.end(),
                    [&](const activity& a) { return a.run != 0 && a.map == key; });
    if (works_on_it && !stopping) each.process->kill(os::own_kill::cancel);
  }
  for (const auto& [run, task] : map->task_of)
    nested_runs_.erase(run);
  const std::uint64_t call = map->call->id;
  maps_.erase(key);
  forget_call(call);
}

void task_session::close_map(nested_map& map, const error_info& why) {
  map.closed = why;
  settle_unrun(map);
}

// Items of a closed map that wait, or came back, have the reason as their outcome.
void task_session::settle_unrun(nested_map& map) {
  if (!map.closed) return;
  for (const auto& range : map.book.withdraw())
    for (std::uint64_t i = 0; i < range.count; ++i) {
      error_info why = *map.closed;
      why.item = range.first + i;
      nested_error(map, range.first + i, why);
    }
}

void task_session::nested_error(nested_map& map, std::uint64_t item, const error_info& why) {
  auto& owner = slots_[static_cast<std::size_t>(map.key.first) - 1];
  if (!owner.process->alive()) return;
  error_info info = why;
  info.task = map.task;
  if (info.attempt == 0) info.attempt = map.book.attempt_of(item);
  detail::buffer bytes;
  put_error(bytes, info);
  owner.process->send(wire::type::nested_outcomes, wire::nested_outcomes{map.key.second, item, 1},
                      {bytes.data(), bytes.size(), bytes.shared()});
}

bool task_session::workers_lost() const {
  return std::all_of(slots_.begin() + 1, slots_.end(),
                     [](const slot& each) { return each.process->lost(); });
}

// Nobody else may run what was meant for one worker.
void task_session::refuse_lost_workers() {
  for (const auto& [key, map] : maps_) {
    if (map->pinned == 0 || map->closed) continue;
    const slot& wanted = slots_[static_cast<std::size_t>(map->pinned) - 1];
    if (!wanted.process->lost()) continue;
    error_info why = facts_of(wanted, 0, map->task, 0);
    why.cause = cause::node_lost;
    why.message = "worker " + std::to_string(map->pinned) + " is gone with node " + why.node;
    close_map(*map, why);
  }
}

// A process may take an item when it has nothing to do, or when it waits for this very map. Process
// 1 leaves its maps to the workers while there are any.
bool task_session::may_run(const slot& who, const nested_map& map) const {
  const int id = who.process->facts().id;
  if (who.process->ending() || who.process->lost() || !who.process->reachable()) return false;
  const bool waits = !who.doing.empty() && who.doing.back().run == 0;
  if (map.pinned != 0) return id == map.pinned && (waits || who.doing.empty());
  if (id == 1) return workers_lost() && waits && who.doing.back().map == map.key;
  if (who.doing.empty()) return true;
  return waits && who.doing.back().map == map.key;
}

// A worker that cannot be started costs the first item an attempt, as if it had been lost.
bool task_session::wake_up(slot& who, nested_map& map, const core::task_order& order) {
  try {
    start(who);
    return true;
  } catch (const error& caught) {
    error_info why = facts_of(who, order.items.first, map.task, order.attempt);
    why.cause = cause::killed;
    why.message = caught.what();
    if (map.book.failed(order.task, why.cause, host_.now()))
      nested_error(map, order.items.first, why);
    map.book.ended(order.task);
    return false;
  }
}

void task_session::give_nested_work() {
  refuse_lost_workers();
  for (const auto& [key, map] : maps_) {
    for (auto& who : slots_) {
      if (map->closed || !may_run(who, *map) || !map->book.ready(host_.now())) continue;
      auto order = map->book.take(host_.now(), slots_.size() - 1, 0);
      if (!order) break;
      if (!wake_up(who, *map, *order)) continue;
      wire::run run{};
      run.key = host_.next_key();
      run.root = map->root;
      run.map = map->key.second;
      run.owner = map->key.first;
      run.task = map->task;
      run.attempt = static_cast<std::uint32_t>(order->attempt);
      run.depth = map->depth;
      map->task_of[run.key] = order->task;
      nested_runs_[run.key] = map->key;
      send_run(who, run, *map->call, order->items);
      activity doing;
      doing.run = run.key;
      doing.root = map->root;
      doing.map = map->key;
      doing.first = order->items.first;
      doing.timeout = map->call->timeout;
      doing.item_started = host_.now();
      who.doing.push_back(doing);
    }
  }
}

}  // namespace clusterless::session
