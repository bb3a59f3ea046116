// SPDX-License-Identifier: MIT
// Which task runs on which nodes: by priority of jobs, then in the order the tasks were added.
#include <algorithm>

#include "emulator/http.hpp"
#include "emulator/model.hpp"

namespace clusterless::emulator {

namespace {

constexpr int looked_ahead = 1000;  // tasks too big for any node do not stop those behind them

}  // namespace

void model::settle() {
  while (!dirty_.empty()) {
    const std::string key = *dirty_.begin();
    dirty_.erase(dirty_.begin());
    const auto at = pools_.find(key);
    if (at != pools_.end() && !at->second->deleting) schedule(*at->second);
  }
}

void model::schedule(pool& in) {
  if (in.free.empty()) return;
  std::vector<job*> order;
  for (const auto& [key, each] : jobs_)
    if (each->state == job_state::active && !each->ready.empty() && same_text(each->pool_id, in.id))
      order.push_back(each.get());
  std::sort(order.begin(), order.end(), [](const job* a, const job* b) {
    return a->priority() != b->priority() ? a->priority() > b->priority() : a->uid < b->uid;
  });
  for (job* each : order) {
    int passed_over = 0;
    for (auto at = each->ready.begin(); at != each->ready.end() && passed_over < looked_ahead;) {
      const int most = each->max_parallel();
      if (in.free.empty() || (most >= 0 && static_cast<int>(each->placed.size()) >= most)) break;
      task* const candidate = at->second;
      ++at;  // placing takes the task out of this set
      if (!place(*candidate, in)) ++passed_over;
    }
  }
}

bool model::eligible(const node& of, job& with) const {
  const auto at = of.prepared.find(&with);
  return at == of.prepared.end() || !at->second.done || at->second.succeeded ||
         !truth_of(member(with.doc, "jobPreparationTask"), "waitForSuccess", true);
}

bool model::place(task& of, pool& in) {
  if (of.multi_instance && (!in.inter_node || in.slots != 1)) return false;
  std::vector<node*> chosen;
  const auto wanted = static_cast<std::size_t>(of.instances);
  const auto choose_from = [&](auto at, auto end) {
    for (; at != end && chosen.size() != wanted; ++at)
      if (at->first >= of.slots && eligible(*at->second, *of.of)) chosen.push_back(at->second);
  };
  if (in.pack) {
    choose_from(in.free.begin(), in.free.end());
  } else {
    choose_from(in.free.rbegin(), in.free.rend());
  }
  if (chosen.size() != wanted) return false;
  std::sort(chosen.begin(), chosen.end(),
            [](const node* a, const node* b) { return a->number < b->number; });
  of.of->ready.erase({of.sequence, &of});
  of.of->placed.insert(&of);
  of.nodes = chosen;
  of.why = ending::none;
  of.begun = false;
  ++of.attempt;
  for (node* each : chosen) {
    in.free.erase({each->free_slots, each});
    each->free_slots -= of.slots;
    if (each->free_slots > 0) in.free.insert({each->free_slots, each});
    each->tasks.insert(&of);
    if (each->state == node_state::idle) set_state(*each, node_state::running);
  }
  const std::string job_key = in_lower_case(of.of->id);
  const std::uint64_t sequence = of.sequence;
  const std::string task_key = in_lower_case(of.id);
  const int attempt = of.attempt;
  after(options_.takes.schedule, [this, job_key, task_key, sequence, attempt] {
    const auto with = jobs_.find(job_key);
    if (with == jobs_.end()) return;
    const auto at = with->second->tasks.find(task_key);
    if (at == with->second->tasks.end()) return;
    task& now = *at->second;
    if (now.sequence == sequence && now.attempt == attempt && !now.nodes.empty()) prepare(now);
  });
  return true;
}

void model::prepare(task& of) {
  const json& spec = member(of.of->doc, "jobPreparationTask");
  bool waiting = false;
  if (spec.is_object()) {
    for (node* each : of.nodes) {
      const auto at = each->prepared.find(of.of);
      if (at == each->prepared.end() || (!at->second.done && !at->second.running))
        start_preparation(*each, *of.of);
      waiting = waiting || !each->prepared[of.of].done;
    }
  } else {
    for (node* each : of.nodes)
      each->prepared[of.of].done = each->prepared[of.of].succeeded = true;
  }
  if (waiting) {
    if (of.state != task_state::preparing) set_state(of, task_state::preparing);
  } else {
    begin(of);
  }
}

void model::start_preparation(node& of, job& with) {
  const json& spec = member(with.doc, "jobPreparationTask");
  action order = order_for(of);
  order.spec = spec;
  order.common = member(with.doc, "commonEnvironmentSettings");
  order.preparation = preparation_name(with.doc);
  order.job = with.id;
  order.task = text_of(spec, "id", "jobpreparation");
  node_command& command = of.prepared[&with];
  command.running = true;
  command.result.started = now_;
  order.attempt = command.retries;
  command.run = start_run({run_kind::preparation, &of, &with, nullptr, 0}, std::move(order));
}

void model::preparation_over(node& of, job& with, const command_result& result) {
  const json& spec = member(with.doc, "jobPreparationTask");
  node_command& command = of.prepared[&with];
  command.running = false;
  command.result = result;
  command.succeeded = !result.failed && result.exit_code.value_or(1) == 0;
  const auto allowed = number_of(member(spec, "constraints"), "maxTaskRetryCount", 0);
  if (!command.succeeded && result.exit_code && (allowed < 0 || command.retries < allowed)) {
    ++command.retries;
    start_preparation(of, with);
    return;
  }
  command.done = true;
  const bool good = eligible(of, with);
  const std::vector<task*> waiting(of.tasks.begin(), of.tasks.end());
  for (task* each : waiting) {
    if (each->of != &with || each->state != task_state::preparing || each->begun ||
        of.tasks.count(each) == 0)
      continue;
    if (!good) {
      let_go(*each);
      back_to_queue(*each);
    } else if (std::all_of(each->nodes.begin(), each->nodes.end(),
                           [&](node* on) { return on->prepared[&with].done; })) {
      begin(*each);
    }
  }
  check_job(with);
}

}  // namespace clusterless::emulator
