// SPDX-License-Identifier: MIT
// How runs end before their time: taken back, asked to stop, out of time, or with their process.
#include <algorithm>
#include <utility>

#include "core/defaults.hpp"
#include "core/text.hpp"
#include "session/nested_map.hpp"
#include "session/remote_node.hpp"
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

// --- runs that are not wanted any more ---------------------------------------------------------

std::atomic<std::uint64_t>* task_session::claim_of_last() const {
  const auto& first = *slots_.front().process;
  if (runs_.size() < 2 || !first.alive()) return nullptr;
  for (auto& each : first.claims())
    if (each.load() == runs_.rbegin()->first) return &each;
  return nullptr;
}

bool task_session::may_take_back() const {
  return claim_of_last() != nullptr;
}

void task_session::take_back() {
  auto* claim = claim_of_last();
  if (claim == nullptr) return;
  const std::uint64_t key = runs_.rbegin()->first;
  std::uint64_t mine = key;
  if (!claim->compare_exchange_strong(mine, 0)) return;
  runs_.erase(key);
  events_.run_ended(*this, key);
}

void task_session::end_run(std::uint64_t key) {
  const auto found = runs_.find(key);
  if (found == runs_.end()) return;
  if (found != runs_.begin()) {
    take_back();
    if (runs_.count(key) == 0) return;
  }
  if (ending_) end_by_force(ending_->run);
  ending_ = {key, host_.now()};
  for (auto& each : slots_)
    if (each.process->alive()) each.process->stop(key);
  for (const auto& [name, map] : maps_)
    if (map->root == key) close_map(*map, stopped_by_job());
}

error_info task_session::stopped_by_job() {
  error_info why;
  why.cause = cause::cancelled;
  why.message = "the job was cancelled";
  return why;
}

void task_session::end_by_force(std::uint64_t root) {
  ending_.reset();
  for (auto& each : slots_)
    if (std::any_of(each.doing.begin(), each.doing.end(),
                    [root](const activity& doing) { return doing.root == root; }))
      each.process->kill(os::own_kill::cancel);
}

// Items that ask whether to stop get time to do so; of others nothing is to be expected.
void task_session::check_ending() {
  if (!ending_) return;
  bool works = false;
  bool asked = false;
  for (auto& each : slots_) {
    if (!each.process->alive()) continue;
    asked = asked || each.process->where().asked == ending_->run;
    works = works || std::any_of(each.doing.begin(), each.doing.end(),
                                 [&](const activity& doing) { return doing.root == ending_->run; });
  }
  if (!works)
    ending_.reset();
  else if (host_.now() - ending_->since >
           (asked ? defaults::stop_patience_ns : defaults::stop_grace_ns))
    end_by_force(ending_->run);
}

// --- deaths ------------------------------------------------------------------------------------

/// Items of a run that have an outcome.
std::uint64_t task_session::reported(std::uint64_t key, const activity& doing) {
  const auto job = runs_.find(key);
  if (job != runs_.end()) return job->second.done;
  nested_map* map = map_of_run(key);
  return map == nullptr ? 0 : map->book.rest_of(map->task_of.at(key)).first - doing.first;
}

/// The item with that index in a run failed with its process.
void task_session::charge(slot& who, const activity& doing, std::uint64_t item, error_info why) {
  const auto job = runs_.find(doing.run);
  const bool of_job = job != runs_.end();
  if (of_job) {
    why.task = job->second.order.task;
    why.attempt = job->second.order.attempt;
  }
  const std::uint64_t unreported = item - std::min(item, reported(doing.run, doing));
  item_failed(doing.run, unreported, std::move(why));
  if (!of_job) run_over(who, doing.run);
}

/// What is left of a run waits again, at no cost. Those of the job do so when all is over.
void task_session::put_back(slot& who, const activity& doing) {
  if (runs_.count(doing.run) == 0) run_over(who, doing.run);
}

void task_session::died(member& dead, const last_moments& how) {
  slot& who = slot_of(dead);
  const std::vector<activity> doing = std::exchange(who.doing, {});
  const auto late = std::exchange(who.late, std::nullopt);
  who.calls_known.clear();
  // Maps the process waited for have nobody left to answer to.
  for (const auto& each : doing)
    if (each.run == 0) drop_map(each.map);

  const bool timed_out = how.why.cause == cause::timed_out;
  const blamed at = timed_out && late ? *late : blamed{how.run, how.item};
  // What we ended a process for may have been over when it died, and then nobody is to blame.
  const bool excused =
      how.why.cause == cause::cancelled || (timed_out && how.run == at.run && how.item != at.item);
  const auto found = std::find_if(doing.begin(), doing.end(), [&at](const activity& each) {
    return each.run != 0 && each.run == at.run;
  });
  std::string unusable;
  const std::ptrdiff_t of_blamed = found == doing.end() ? -1 : found - doing.begin();
  for (std::ptrdiff_t i = std::ssize(doing) - 1; i >= 0; --i) {
    const activity& each = doing[static_cast<std::size_t>(i)];
    if (each.run == 0) continue;
    if (excused || (i > 0 && !each.begun && i != of_blamed)) {
      put_back(who, each);
      continue;
    }
    error_info info = facts_of(who, 0, 0, 0);
    info.cause = how.why.cause;
    info.type = how.why.type;
    info.message = how.why.message;
    info.trace = how.trace;
    if (i == of_blamed) {
      charge(who, each, at.item, std::move(info));
      continue;
    }
    if (i < of_blamed) {
      info.message = "its process ended in an item nested in it: " + info.message;
    } else if (!how.was_ready) {
      info.message = "the process ended before it was ready: " + info.message;
      if (info.cause == cause::exited) {
        info.message += "; does main call clusterless::init(argc, argv) first?";
        unusable = info.message;
        const auto said =
            core::last_lines(tail_.empty() ? unsure_tail_ : tail_, defaults::error_tail_lines);
        if (!said.empty()) unusable += "\nIts last lines:\n" + said;
      }
    } else {
      // Through no fault of its own.
      if (info.cause != cause::node_lost) info.cause = cause::killed;
      info.message = "its process ended outside of this item: " + info.message;
    }
    charge(who, each, each.item, std::move(info));
  }
  if (who.process->facts().id == 1) all_over();
  give_nested_work();
  if (!unusable.empty()) events_.unusable(*this, unusable);
}

// Without process 1 there is no run left, nor anybody who waits for nested maps.
void task_session::all_over() {
  while (!maps_.empty())
    drop_map(maps_.begin()->first);
  std::vector<std::uint64_t> keys;
  for (const auto& [key, run] : runs_)
    keys.push_back(key);
  runs_.clear();
  tail_.clear();
  for (const auto key : keys)
    events_.run_ended(*this, key);
}

// --- time --------------------------------------------------------------------------------------

void task_session::check_time(slot& of) {
  if (of.doing.empty() || !of.process->alive() || of.process->ending()) return;
  const core::nanoseconds now = host_.now();
  const auto [key, running, asked] = of.process->where();
  for (auto& each : of.doing) {
    if (each.run == key && running != 0 && (!each.begun || each.item != running - 1)) {
      each.begun = true;
      each.item = running - 1;
      each.item_started = now;
    }
    if (!each.begun) each.item_started = now;
    if (each.timeout != 0 && now - each.item_started > each.timeout) {
      of.late = blamed{each.run, each.item};
      of.process->kill_with_stack(each.timeout);
      return;
    }
  }
}

// Work goes to a host as soon as it is there, and away from one that is not any more.
void task_session::watch_hosts() {
  std::size_t reached = 0;
  std::size_t lost = 0;
  for (auto& each : remotes_) {
    if (!each) continue;
    each->tick();
    reached += each->reached() ? 1 : 0;
    lost += each->lost() ? 1 : 0;
  }
  if (reached == hosts_reached_ && lost == hosts_lost_) return;
  hosts_reached_ = reached;
  hosts_lost_ = lost;
  give_nested_work();
}

void task_session::tick() {
  check_ending();
  watch_hosts();
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
  for (const auto& each : remotes_)
    if (each)
      if (const auto when = each->next_tick()) at(*when);
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
  if (ending_) at(host_.now() + defaults::stop_grace_ns / 8);
  return next;
}

}  // namespace clusterless::session
