// SPDX-License-Identifier: MIT
// clusterless cancel JOB
#include <algorithm>
#include <chrono>
#include <clusterless/error.hpp>
#include <thread>

#include "cli/commands.hpp"
#include "cli/job_look.hpp"
#include "cli/parse.hpp"

namespace clusterless::cli {

namespace {

/// Waits until nobody drives the job or it is complete; false when `limit` seconds passed first.
bool wait_until_stopped(job_look& job, double limit) {
  using clock = std::chrono::steady_clock;
  const auto until = clock::now() + std::chrono::duration_cast<clock::duration>(
                                        std::chrono::duration<double>(limit));
  std::chrono::milliseconds pause{20};
  while (job.state == job_state::running) {
    if (clock::now() >= until) return false;
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::milliseconds(500));
    job.refresh();
  }
  return true;
}

std::string numbers(const job_look& job) {
  return std::to_string(job.counts.done) + " items done, " + std::to_string(job.counts.failed) +
         " failed";
}

}  // namespace

int run_command(const cancel_request& what, const common_options& how, const console& on) {
  job_look job = look_at(store_with(how.store, what.job).in, what.job);
  if (!job.record) throw error(error_kind::failed, job.damage);
  bool stopped = true;
  std::vector<store::failure> left;
  std::string told;
  if (job.record->complete()) {
    told = job.name + " is over already: " + numbers(job);
  } else {
    const auto driver = job.driver;
    job.record->request_cancel();
    job.refresh();
    stopped = wait_until_stopped(job, what.wait);
    // Tasks that outlived their client have nobody else to end them.
    if (stopped && !job.record->complete()) left = client::end_left_tasks(*job.record);
    job.refresh();
    if (!stopped)
      told = job.name + " was asked to stop, but " + store::to_string(*driver) +
             " has not done so yet; `clusterless show " + job.name + "` tells when it has";
    else if (!driver)
      told = "Nobody was running " + job.name + "; it is marked as cancelled: " + numbers(job);
    else
      told = job.name + " has stopped: " + numbers(job);
  }
  if (on.json_wanted())
    on.print_json(summary(job));
  else if (stopped)
    on.say(told);
  if (!stopped) on.complain("clusterless: " + told);
  for (const auto& each : left)
    on.complain("clusterless: " + each.key + " of " + job.name + " is left: " + each.reason);
  return stopped && left.empty() ? exit_good : exit_failed;
}

}  // namespace clusterless::cli
