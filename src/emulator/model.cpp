// SPDX-License-Identifier: MIT
// Names of states, time, and looking things up.
#include "emulator/model.hpp"

#include <algorithm>

#include "emulator/http.hpp"
#include "emulator/service_error.hpp"

namespace clusterless::emulator {

latencies zero_latencies() {
  return {};
}

latencies realistic_latencies() {
  return {30 * one_second,
          45 * one_second,
          9 * one_second / 10,
          20 * one_second,
          5 * one_minute,
          2 * one_second,
          0,
          30 * one_second};
}

const char* to_string(node_state of) {
  static constexpr const char* names[] = {
      "idle",     "rebooting",           "reimaging",       "running", "unusable",    "creating",
      "starting", "waitingforstarttask", "starttaskfailed", "unknown", "leavingpool", "offline",
      "preempted"};
  return names[static_cast<std::size_t>(of)];
}

const char* to_string(allocation_state of) {
  static constexpr const char* names[] = {"steady", "resizing", "stopping"};
  return names[static_cast<std::size_t>(of)];
}

const char* to_string(job_state of) {
  static constexpr const char* names[] = {"active",      "disabling", "disabled", "enabling",
                                          "terminating", "completed", "deleting"};
  return names[static_cast<std::size_t>(of)];
}

const char* to_string(task_state of) {
  static constexpr const char* names[] = {"active", "preparing", "running", "completed"};
  return names[static_cast<std::size_t>(of)];
}

std::string preparation_name(const json& job) {
  const json& preparation = member(job, "jobPreparationTask");
  return preparation.is_object() ? text_of(preparation, "id", "jobpreparation") : std::string();
}

std::string node::address() const {
  return "127.0." + std::to_string(1 + (number - 1) / 254) + '.' +
         std::to_string(1 + (number - 1) % 254);
}

int pool::count(bool dedicated) const {
  return static_cast<int>(std::count_if(nodes.begin(), nodes.end(), [&](const auto& each) {
    return each.second->dedicated == dedicated && !each.second->leaving;
  }));
}

int job::priority() const {
  return static_cast<int>(number_of(doc, "priority", 0));
}

int job::max_parallel() const {
  return static_cast<int>(number_of(doc, "maxParallelTasks", -1));
}

model::model(const model_options& options, ticks now)
    : options_(options), now_(now), random_(options.seed) {}

ticks model::stamp() {
  last_stamp_ = std::max(now_, last_stamp_ + 1);
  ++revision_;
  return last_stamp_;
}

void model::after(ticks delay, std::function<void()> what) {
  if (delay >= unlimited - now_) return;
  timers_.emplace(now_ + delay, std::move(what));
}

ticks model::next_due() const {
  return timers_.empty() ? unlimited : timers_.begin()->first;
}

void model::advance(ticks now) {
  settle();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    now_ = std::max(now_, timers_.begin()->first);
    const auto what = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    what();
    settle();
  }
  now_ = std::max(now_, now);
}

std::vector<action> model::take_actions() {
  settle();
  return std::exchange(actions_, {});
}

pool& model::find_pool(const std::string& id) {
  const auto at = pools_.find(in_lower_case(id));
  if (at == pools_.end()) refuse("PoolNotFound");
  return *at->second;
}

node& model::find_node(pool& in, const std::string& id) {
  const auto at = in.nodes.find(in_lower_case(id));
  if (at == in.nodes.end()) refuse("NodeNotFound");
  return *at->second;
}

job& model::find_job(const std::string& id) {
  const auto at = jobs_.find(in_lower_case(id));
  if (at == jobs_.end()) refuse("JobNotFound");
  return *at->second;
}

task& model::find_task(job& in, const std::string& id) {
  const auto at = in.tasks.find(in_lower_case(id));
  if (at == in.tasks.end()) refuse("TaskNotFound");
  return *at->second;
}

pool* model::pool_of(const job& of) {
  const auto at = pools_.find(in_lower_case(of.pool_id));
  return at == pools_.end() ? nullptr : at->second.get();
}

void model::dirty(pool* of) {
  if (of != nullptr) dirty_.insert(in_lower_case(of->id));
}

std::uint64_t model::start_run(const run& what, action order) {
  const std::uint64_t id = next_run_++;
  runs_.emplace(id, what);
  if (what.doing != nullptr) ++what.doing->live;
  order.what = action::kind::run;
  order.run = id;
  order.command = what.kind;
  order.instance = what.instance;
  actions_.push_back(std::move(order));
  return id;
}

void model::ask_to_stop(std::uint64_t id) {
  actions_.push_back({});
  actions_.back().what = action::kind::stop;
  actions_.back().run = id;
}

void model::abandon(std::uint64_t id) {
  const auto at = runs_.find(id);
  if (at == runs_.end()) return;
  if (at->second.doing != nullptr) --at->second.doing->live;
  runs_.erase(at);
  ask_to_stop(id);
}

std::vector<std::uint64_t> model::runs_of(const task& of) const {
  std::vector<std::uint64_t> all;
  for (const auto& [id, each] : runs_)
    if (each.doing == &of) all.push_back(id);
  return all;
}

action model::order_for(const node& on) const {
  action order;
  order.pool = on.of->id;
  order.node = on.id;
  order.number = on.number;
  order.dedicated = on.dedicated;
  order.slots = on.of->slots;
  return order;
}

void model::finished(std::uint64_t id, const command_result& result) {
  const auto at = runs_.find(id);
  if (at == runs_.end()) return;
  const run what = at->second;
  runs_.erase(at);
  if (what.doing != nullptr) --what.doing->live;
  ++revision_;
  switch (what.kind) {
    case run_kind::start_task:
      return start_task_over(*what.on, result);
    case run_kind::preparation:
      return preparation_over(*what.on, *what.of, result);
    case run_kind::release:
      return release_over(*what.on, *what.of, result);
    case run_kind::coordination:
      return coordination_over(*what.doing, what.instance, result);
    case run_kind::task:
      return attempt_over(*what.doing, result);
  }
}

}  // namespace clusterless::emulator
