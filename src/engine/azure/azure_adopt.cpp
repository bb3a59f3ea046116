// SPDX-License-Identifier: MIT
// How the engine's service takes up what another process has left, and ends single runs.
#include <map>
#include <utility>

#include "engine/azure/azure_service.hpp"

namespace clusterless::engine {

std::optional<std::size_t> azure_service::account_of(const task_place& place) const {
  for (std::size_t i = 0; i < plan_.accounts->size(); ++i)
    if (same_account((*plan_.accounts)[i].batch_url, place.batch_url)) return i;
  return std::nullopt;
}

// The pools that tasks wait for are made meanwhile, as for tasks that are submitted.
void azure_service::adopt(std::vector<task_place> places, std::vector<adopted_task> tasks) {
  post([this, places = std::move(places),
        tasks = std::make_shared<std::vector<adopted_task>>(std::move(tasks))] {
    std::map<std::string, std::vector<placed_batch_task>> of_job;
    for (auto& each : *tasks) {
      azure_run& run = run_in(each.place.container, true);
      cloud& in = *sites_[*account_of(each.place)].in;
      placed_batch_task task{each.place.task, std::move(each.order), run.files_of(each.needs), {}};
      task.bring = [&run, &in, needs = std::move(each.needs)](const std::function<void()>& then) {
        run.bring(in, needs, then);
      };
      of_job[each.place.job].push_back(std::move(task));
    }
    for (const auto& place : places) {
      const auto account = account_of(place);
      azure_run& run = run_in(place.container, true);
      run.uses(*sites_[*account].in);
      job_of(run, place, *account, 0).adopt(std::exchange(of_job[place.job], {}));
    }
  });
}

// Jobs of unnamed maps end by themselves an hour after their client; nobody will ask for them.
void azure_service::remove_dead_runs(std::size_t account) {
  cloud& in = *sites_[account].in;
  azure::batch::list_options which;
  which.filter = "state eq 'completed' and startswith(id, '" + plan_.job_id + "-')";
  which.select = "id,metadata";
  in.batch().list_jobs(
      which, [this, &in](azure::result<azure::batch::page<azure::batch::job_info>> got) {
        if (!got || closing_) return;  // the next client looks, too
        for (const auto& each : got->items) {
          std::map<std::string, std::string> facts(each.metadata.begin(), each.metadata.end());
          if (facts["made-by"] != "clusterless" || facts["lasting"] != "0") continue;
          in.batch().delete_job(each.id, [](const azure::result<bool>&) {});
          if (const auto& container = facts["container"]; !container.empty())
            in.blobs().delete_container(container, [](const azure::result<bool>&) {});
        }
      });
}

void azure_service::end_runs(std::vector<std::string> containers) {
  post([this, containers = std::move(containers)] {
    if (closing_) return;
    for (const auto& container : containers) {
      const auto found = runs_.find(container);
      if (found == runs_.end()) continue;
      found->second->close([] {});
      ended_runs_.push_back(std::move(found->second));
      runs_.erase(found);
    }
  });
}

}  // namespace clusterless::engine
