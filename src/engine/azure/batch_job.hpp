// SPDX-License-Identifier: MIT
// The tasks of a program in one pool of Azure Batch, as one Batch job: their files are put into
// blobs, the tasks are added many at a time, watched by one list of what has changed, and what they
// leave is fetched and told. It decides nothing about further attempts; what the service lost is
// told as lost. Lives on the engine's service thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/task.hpp"
#include "engine/azure/cloud.hpp"
#include "engine/azure/outbox.hpp"
#include "engine/azure/task_report.hpp"

namespace clusterless::engine {

struct batch_job_plan {
  std::string id = {};
  std::string pool = {};
  int priority = 0;  ///< -1000 to 1000
  int pool_number = 1;
  std::string container = {};  ///< of this run; holds plans and logs of all its jobs
  std::string folder = {};     ///< those of this job: how their blobs' names begin
  int omp_threads = 1;
  std::vector<azure::batch::resource_file> program = {};  ///< what a node needs to run tasks
  std::string start_command = {};                         ///< runs the program there, for /bin/sh
  std::string container_image = {};
  bool lasting = false;  ///< it may be taken up by another client; else it ends soon after its own
};

/// A task that another process has placed.
struct placed_batch_task {
  std::string id = {};
  core::run_order order = {};
  std::vector<task_file> files = {};
  /// Calls what it is given when the files are there.
  std::function<void(const std::function<void()>&)> bring = {};
};

class batch_job {
 public:
  struct listener {
    std::function<void()> runs;          ///< a task has begun
    std::function<void()> nothing_runs;  ///< tasks wait for nodes: look why
    std::function<void(const std::string&)> broken;
  };

  batch_job(cloud& in, batch_job_plan plan, outbox& to, listener tell);

  /// Takes a task and gives it this id. `files` are there already.
  void add(std::string id, core::run_order order, std::vector<task_file> files);
  /// Takes up the job that another process has made, with these of its tasks; ends the others.
  void adopt(std::vector<placed_batch_task> tasks);
  /// False when it has no such task.
  bool cancel(std::uint64_t key);
  /// Ends and removes the job; `then` is called when nothing of it runs any more.
  void close(std::function<void()> then);

 private:
  using task_ptr = std::shared_ptr<batch_task>;

  task_ptr keep(std::string id, core::run_order order, std::vector<task_file> files);
  void prepare(const task_ptr& task);
  void make_job();
  void plan_renewal();
  void look_for_tasks();
  void found(const std::vector<azure::batch::task_info>& there, bool takes_more);
  void nothing_found();
  void pump();
  azure::batch::task_spec spec_of(const batch_task& task) const;
  void added(const std::vector<task_ptr>& those,
             const std::vector<azure::batch::add_result>& results);
  void plan_poll();
  void poll();
  void polled(const std::vector<azure::batch::task_info>& changed);
  void saw(const task_ptr& task, const azure::batch::task_info& info);
  void lost_and_queued_again(const task_ptr& task);
  void look_at_job();
  void look_at_preparations();
  std::size_t running() const;
  void settle(const task_ptr& task, const std::shared_ptr<const std::string>& log,
              const std::string& printed);
  void begin(batch_task& task, std::vector<outbox::telling>& tell);
  void tail();
  void collect(const task_ptr& task);
  void collect_more();
  void look_for_container(const task_ptr& task);
  void collected(const task_ptr& task, const std::shared_ptr<const std::string>& log);
  void fetch_rest(const task_ptr& task, std::uint64_t size);
  void explain(const task_ptr& task, const std::shared_ptr<const std::string>& log);
  /// The task is over: what `tell` tells, and that.
  void finish(const task_ptr& task, std::vector<outbox::telling> tell = {});
  void remove_job(const std::function<void()>& then);
  void wait_until_gone(const std::function<void()>& then, std::int64_t wait_ms);
  void break_down(const std::string& why);
  void call_failed(const azure::service_error& why);
  azure::loop& on() { return in_.batch().on(); }
  std::int64_t now_ms() { return on().clock().steady_ms(); }

  cloud& in_;
  batch_job_plan plan_;
  outbox& to_;
  listener tell_;

  std::unordered_map<std::uint64_t, task_ptr> by_key_;
  std::unordered_map<std::string, task_ptr> by_id_;  ///< those that the service has
  std::deque<task_ptr> to_prepare_;
  struct sought {
    task_ptr task = {};
    std::function<void(const std::function<void()>&)> bring = {};
  };
  std::map<std::string, sought> to_adopt_;  ///< by id; not looked for yet
  std::deque<task_ptr> ready_;              ///< prepared, to be added
  std::deque<task_ptr> to_collect_;         ///< over, their logs not fetched
  int preparing_ = 0;
  int adding_ = 0;
  int collecting_ = 0;
  int failed_polls_ = 0;
  std::int64_t made_ms_ = 0;  ///< when the job was asked for
  enum class state : std::uint8_t { none, making, made, gone } state_ = state::none;
  std::function<void()> when_made_;  ///< the job is to go as soon as it is there

  bool polling_ = false;
  bool poll_planned_ = false;
  std::string cursor_;  ///< stateTransitionTime from which on to list
  std::int64_t cursor_ms_ = 0;
  bool sweep_next_ = false;  ///< the next list is of all tasks
  bool told_disabled_ = false;
  std::int64_t last_change_ms_ = 0;  ///< by the steady clock
  std::int64_t last_sweep_ms_ = 0;
  std::int64_t next_look_ms_ = 0;
  bool closing_ = false;
};

}  // namespace clusterless::engine
