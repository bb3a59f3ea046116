// SPDX-License-Identifier: MIT
// How a job that another process has made is taken up. A task that was placed and is not there may
// still be on its way from the process that died. So it is added, under the id it was given: then
// the service has it once, whoever came first.
#include <algorithm>
#include <utility>

#include "engine/azure/batch_job.hpp"

namespace clusterless::engine {

using namespace azure;

void batch_job::adopt(std::vector<placed_batch_task> tasks) {
  state_ = state::made;
  for (auto& each : tasks) {
    const auto task = keep(each.id, std::move(each.order), std::move(each.files));
    task->adopted = true;
    to_adopt_[each.id] = {task, std::move(each.bring)};
  }
  if (to_adopt_.empty())
    // Nobody waits for anything of it.
    in_.batch().delete_job(plan_.id, [](const result<bool>&) {});
  else
    look_for_tasks();
}

void batch_job::look_for_tasks() {
  in_.batch().get_job(plan_.id, [this](result<std::optional<batch::job_info>> got) {
    if (closing_) return;
    if (!got) return call_failed(got.error());
    const auto now = got->has_value() ? got->value().state : batch::job_state::deleting;
    if (now == batch::job_state::deleting) return nothing_found();
    const bool takes_more =
        now != batch::job_state::terminating && now != batch::job_state::completed;
    batch::list_options which;
    which.select = "id,state,stateTransitionTime,executionInfo,nodeInfo";
    batch::all_pages<batch::task_info>(
        [this](const auto& options, auto then) {
          in_.batch().list_tasks(plan_.id, options, std::move(then));
        },
        which,
        [this, takes_more](result<std::vector<batch::task_info>> all) {
          if (closing_) return;
          if (!all && all.error().status == 404) return nothing_found();
          if (!all) return call_failed(all.error());
          found(all.value(), takes_more);
        });
  });
}

void batch_job::nothing_found() {
  state_ = state::gone;
  for (const auto& [id, each] : std::exchange(to_adopt_, {}))
    finish(each.task);
}

void batch_job::found(const std::vector<batch::task_info>& there, bool takes_more) {
  for (const auto& each : there) {
    const auto known = to_adopt_.find(each.id);
    if (known == to_adopt_.end()) {
      // Others have its items since.
      if (each.state != batch::task_state::completed)
        in_.batch().terminate_task(plan_.id, each.id, [](const result<bool>&) {});
      continue;
    }
    const task_ptr& task = known->second.task;
    task->requeues = each.requeues;
    if (!task->over)
      by_id_[each.id] = task;
    else if (each.state != batch::task_state::completed)
      in_.batch().terminate_task(plan_.id, each.id, [](const result<bool>&) {});
    to_adopt_.erase(known);
  }
  for (const auto& [id, each] : std::exchange(to_adopt_, {})) {
    const task_ptr task = each.task;
    if (task->over) continue;
    if (!takes_more || !task->order.items.pack) {
      finish(task);
      continue;
    }
    each.bring([this, task] {
      to_prepare_.push_back(task);
      pump();
    });
  }
  last_change_ms_ = now_ms();
  polled(there);
  plan_poll();
}

}  // namespace clusterless::engine
