// SPDX-License-Identifier: MIT
// Multi-instance tasks: a coordination command on every node, then the application on the primary.
// Source: Batch documentation, "Use multi-instance tasks".
#include "emulator/model.hpp"

namespace clusterless::emulator {

void model::start_coordination(task& of) {
  std::vector<std::string> hosts;
  for (const node* each : of.nodes)
    hosts.push_back(each->address());
  of.subtasks.clear();
  const json spec = json::parse(of.spec);
  for (std::size_t i = 0; i < of.nodes.size(); ++i) {
    node& on = *of.nodes[i];
    action order = order_for(on);
    order.spec = spec;
    order.common = member(of.of->doc, "commonEnvironmentSettings");
    order.preparation = preparation_name(of.of->doc);
    order.job = of.of->id;
    order.task = of.id;
    order.attempt = of.attempt;
    order.hosts = hosts;
    subtask fresh;
    fresh.where = of.where[i];
    fresh.state_time = stamp();
    fresh.result.started = now_;
    fresh.run =
        start_run({run_kind::coordination, &on, of.of, &of, static_cast<int>(i)}, std::move(order));
    of.subtasks.push_back(std::move(fresh));
  }
}

void model::coordination_over(task& of, int instance, const command_result& result) {
  const auto index = static_cast<std::size_t>(instance);
  if (index >= of.subtasks.size()) return;
  subtask& done = of.subtasks[index];
  done.run = 0;
  done.result = result;
  done.coordinated = !result.failed && result.exit_code.value_or(1) == 0;
  if (!done.coordinated && of.why == ending::none) {
    of.why = ending::coordination_failed;
    of.failed = result.failed;
    of.exit_code = result.exit_code;
    done.state = task_state::completed;
    done.state_time = stamp();
    for (const std::uint64_t id : runs_of(of))
      ask_to_stop(id);
  }
  if (of.live != 0) return;
  if (of.why != ending::none) {
    command_result total = result;
    if (of.why == ending::coordination_failed) {
      total.exit_code = of.exit_code;
      total.failed = of.failed;
      if (!total.failed)
        total.failed = failure{"usererror",
                               "FailureExitCode",
                               "The coordination command of an instance of the task failed",
                               {}};
    }
    total.started = of.started.value_or(now_);
    return attempt_over(of, total);
  }
  for (const subtask& each : of.subtasks)
    if (!each.coordinated) return;
  run_task(of);
}

void model::close_subtasks(task& of) {
  for (subtask& each : of.subtasks) {
    if (each.state == task_state::completed) continue;
    each.state = task_state::completed;
    each.state_time = stamp();
    each.result.ended = now_;
    if (!each.result.exit_code) each.result.exit_code = 0;
  }
}

}  // namespace clusterless::emulator
