// SPDX-License-Identifier: MIT
// Nodes: from their allocation to their end, start tasks, reboots, preemption.
#include <algorithm>

#include "emulator/http.hpp"
#include "emulator/model.hpp"
#include "emulator/service_error.hpp"

namespace clusterless::emulator {

int model::next_number() {
  int number = 1;
  for (const int used : numbers_) {
    if (used != number) break;
    ++number;
  }
  numbers_.insert(number);
  return number;
}

std::string model::node_id(bool dedicated) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text = "tvmps_";
  for (int word = 0; word < 4; ++word) {
    std::uint64_t bits = random_();
    for (int i = 0; i < 16; ++i, bits >>= 4)
      text += digits[bits & 15];
  }
  return text + (dedicated ? "_d" : "_p");
}

void model::set_state(node& of, node_state to) {
  if (of.state == to && of.state_time != 0) return;
  of.state = to;
  of.state_time = stamp();
}

void model::reindex(node& of) {
  pool& in = *of.of;
  for (int slots = 0; slots <= in.slots; ++slots)
    in.free.erase({slots, &of});
  const bool ready = of.state == node_state::idle || of.state == node_state::running;
  if (ready && of.schedulable && !of.leaving && !of.next && of.free_slots > 0)
    in.free.insert({of.free_slots, &of});
  dirty(&in);
}

void model::boot(node& of) {
  const int boot = ++of.boot;
  of.start_task.reset();
  of.free_slots = of.of->slots;
  if (of.state != node_state::rebooting && of.state != node_state::reimaging)
    set_state(of, node_state::creating);
  reindex(of);
  const std::string pool_key = in_lower_case(of.of->id);
  const std::string id = of.id;
  const auto later_on = [this, pool_key, id, boot](ticks delay, void (model::*what)(node&)) {
    after(delay, [this, pool_key, id, boot, what] {
      const auto in = pools_.find(pool_key);
      if (in == pools_.end()) return;
      const auto at = in->second->nodes.find(id);
      if (at != in->second->nodes.end() && at->second->boot == boot) (this->*what)(*at->second);
    });
  };
  later_on(options_.takes.boot, &model::booted);
}

void model::booted(node& of) {
  of.booted = stamp();
  set_state(of, node_state::starting);
  if (member(of.of->doc, "startTask").is_object()) {
    run_start_task(of);
    if (truth_of(member(of.of->doc, "startTask"), "waitForSuccess", true)) {
      set_state(of, node_state::waitingforstarttask);
      return;
    }
  }
  set_state(of, node_state::idle);
  check_node(of);
}

void model::run_start_task(node& of) {
  action order = order_for(of);
  order.spec = of.of->doc["startTask"];
  order.task = "startup";
  node_command command = of.start_task.value_or(node_command{});
  command.running = true;
  command.done = false;
  command.result.started = now_;
  order.attempt = command.retries;
  command.run = start_run({run_kind::start_task, &of, nullptr, nullptr, 0}, std::move(order));
  of.start_task = command;
}

void model::start_task_over(node& of, const command_result& result) {
  if (!of.start_task) return;
  node_command& command = *of.start_task;
  command.result = result;
  command.running = false;
  command.succeeded = !result.failed && result.exit_code.value_or(1) == 0;
  const json& spec = member(of.of->doc, "startTask");
  const auto allowed = number_of(spec, "maxTaskRetryCount", 0);
  if (!command.succeeded && result.exit_code && (allowed < 0 || command.retries < allowed)) {
    ++command.retries;
    run_start_task(of);
    return;
  }
  command.done = true;
  if (of.state == node_state::waitingforstarttask)
    set_state(of, command.succeeded ? node_state::idle : node_state::starttaskfailed);
  check_node(of);
}

void model::check_node(node& of) {
  if (of.tasks.empty()) {
    if (of.leaving) {
      const std::string key = in_lower_case(of.of->id);
      const std::string id = of.id;
      after(options_.takes.removal, [this, key, id] {
        const auto in = pools_.find(key);
        if (in == pools_.end()) return;
        const auto at = in->second->nodes.find(id);
        if (at != in->second->nodes.end()) erase_node(*at->second);
      });
      return;
    }
    if (of.next) {
      const node_state how = *of.next;
      of.next.reset();
      drop_runs(of, ending::node_lost);
      set_state(of, how);
      actions_.push_back(order_for(of));
      actions_.back().what =
          how == node_state::reimaging ? action::kind::wipe_node : action::kind::sweep;
      for (auto& [with, command] : of.prepared) {
        const json& preparation = member(with->doc, "jobPreparationTask");
        if (how == node_state::reimaging ||
            truth_of(preparation, "rerunOnNodeRebootAfterSuccess", true))
          command = {};
      }
      boot(of);
      return;
    }
    if (of.state == node_state::running) set_state(of, node_state::idle);
  } else if (of.state == node_state::idle) {
    set_state(of, node_state::running);
  }
  reindex(of);
}

void model::leave(node& of, deallocation option) {
  of.leaving = option;
  ++of.boot;
  set_state(of, node_state::leavingpool);
  reindex(of);
  empty_node(of, option);
}

void model::empty_node(node& of, deallocation option) {
  const std::vector<task*> running(of.tasks.begin(), of.tasks.end());
  if (option == deallocation::requeue || option == deallocation::terminate)
    for (task* each : running)
      if (of.tasks.count(each) != 0)
        stop(*each, option == deallocation::requeue ? ending::requeued : ending::terminated);
  check_node(of);
}

void model::drop_runs(node& of, ending why) {
  const std::vector<task*> running(of.tasks.begin(), of.tasks.end());
  std::vector<std::uint64_t> ours;
  for (const auto& [id, each] : runs_)
    if (each.on == &of) ours.push_back(id);
  for (const std::uint64_t id : ours) {
    const run what = runs_[id];
    abandon(id);
    if (what.kind == run_kind::release) release_over(of, *what.of, {});
    if (what.kind == run_kind::preparation) of.prepared[what.of] = {};
  }
  for (task* each : running) {
    if (of.tasks.count(each) == 0) continue;
    each->why = why;
    for (const std::uint64_t id : runs_of(*each))
      abandon(id);  // instances on other nodes end with it
    attempt_over(*each, {std::nullopt, std::nullopt, each->started.value_or(now_), now_});
  }
}

void model::erase_node(node& of) {
  drop_runs(of, ending::node_lost);
  pool& in = *of.of;
  for (int slots = 0; slots <= in.slots; ++slots)
    in.free.erase({slots, &of});
  actions_.push_back(order_for(of));
  actions_.back().what = action::kind::wipe_node;
  numbers_.erase(of.number);
  ++revision_;
  in.nodes.erase(of.id);
  check_steady(in);
}

void model::restart_node(node& of, node_state how, deallocation option) {
  if (of.leaving || of.next || of.state == node_state::creating ||
      of.state == node_state::starting || of.state == node_state::preempted)
    refuse("NodeNotReady");
  of.next = how;
  set_state(of, how);
  reindex(of);
  empty_node(of, option);
}

void model::set_schedulable(node& of, bool on, deallocation option) {
  if (of.schedulable == on) refuse("NodeAlreadyInTargetSchedulingState");
  of.schedulable = on;
  reindex(of);
  if (!on) empty_node(of, option);
}

void model::boot_after(node& of, ticks delay) {
  const std::string key = in_lower_case(of.of->id);
  const std::string id = of.id;
  const int boot_now = of.boot;
  after(delay, [this, key, id, boot_now] {
    const auto in = pools_.find(key);
    if (in == pools_.end()) return;
    const auto at = in->second->nodes.find(id);
    if (at != in->second->nodes.end() && at->second->boot == boot_now) boot(*at->second);
  });
}

void model::preempt(node& of, ticks back_after) {
  ++of.boot;
  set_state(of, node_state::preempted);
  reindex(of);
  drop_runs(of, ending::node_lost);
  of.prepared.clear();
  actions_.push_back(order_for(of));
  actions_.back().what = action::kind::wipe_node;
  boot_after(of, back_after);
}

void model::lose(node& of, ticks back_after) {
  ++of.boot;
  set_state(of, node_state::unusable);
  reindex(of);
  drop_runs(of, ending::node_lost);
  of.prepared.clear();
  actions_.push_back(order_for(of));
  actions_.back().what = action::kind::sweep;
  boot_after(of, back_after);
}

}  // namespace clusterless::emulator
