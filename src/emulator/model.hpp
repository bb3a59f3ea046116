// SPDX-License-Identifier: MIT
// The account as a state machine: requests, ends of commands and the passing of time go in, actions
// for the nodes come out. Pure: it has no clock, thread or descriptor, so that a test turns its
// time by hand. Requests are checked before they come here (validate.hpp) and shown by render.hpp.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "emulator/model_types.hpp"

namespace clusterless::emulator {

/// Where a job's preparation is on a node; empty: it has none.
std::string preparation_name(const json& job);

struct model_options {
  latencies takes = {};
  int dedicated_core_quota = 0;  ///< 0: none
  int spot_core_quota = 0;
  int pool_quota = 0;
  int job_quota = 0;
  std::uint64_t seed = 1;  ///< of node ids
};

/// An allocation that is to fail or come late.
struct allocation_fault {
  std::string pool = {};  ///< empty: any
  std::string code = {};  ///< empty: it only comes late
  std::string message = {};
  int nodes = 0;  ///< as many come nevertheless
  ticks delay = 0;
  int times = 1;
};

class model {
 public:
  explicit model(const model_options& options, ticks now);

  // Requests. Those that the state forbids throw service_error.
  pool& add_pool(json doc);
  void resize(pool& of, std::optional<int> dedicated, std::optional<int> spot, ticks timeout,
              deallocation option);
  void stop_resize(pool& of);
  void remove_nodes(pool& of, const std::vector<std::string>& ids, deallocation option);
  void delete_pool(pool& of);
  void enable_autoscale(pool& of, const std::string& formula, ticks interval);
  void disable_autoscale(pool& of);
  /// What the formula gives now: {timestamp, results, error?}.
  json evaluate(const pool& of, const std::string& formula) const;
  void restart_node(node& of, node_state how, deallocation option);
  void set_schedulable(node& of, bool on, deallocation option);
  job& add_job(json doc);
  void terminate_job(job& of, const std::string& reason);
  void delete_job(job& of);
  void disable_job(job& of, const std::string& how);
  void enable_job(job& of);
  void touch(job& of);
  void touch(pool& of);
  task& add_task(job& of, const json& spec);
  void terminate_task(task& of);
  void reactivate_task(task& of);
  void delete_task(task& of);

  // What happens to nodes.
  /// It is `preempted`, or `unusable`; it boots again after this time, never when it is
  /// `unlimited`.
  void preempt(node& of, ticks back_after);
  void lose(node& of, ticks back_after);
  void add_fault(allocation_fault fault) { allocation_faults_.push_back(std::move(fault)); }
  /// A command ended; told once for each that was run.
  void finished(std::uint64_t id, const command_result& result);

  // Time and what is to be done.
  void advance(ticks now);
  /// When something is due; `unlimited` when nothing is.
  ticks next_due() const;
  ticks now() const { return now_; }
  std::vector<action> take_actions();

  // Looking. The names may be in any case; what is not there throws service_error.
  pool& find_pool(const std::string& id);
  node& find_node(pool& in, const std::string& id);
  job& find_job(const std::string& id);
  task& find_task(job& in, const std::string& id);
  const std::map<std::string, std::unique_ptr<pool>>& pools() const { return pools_; }
  const std::map<std::string, std::unique_ptr<job>>& jobs() const { return jobs_; }
  std::uint64_t revision() const { return revision_; }

  /// All of it as a document, and back: tasks that ran are requeued, nodes boot again.
  json saved() const;
  void restore(const json& from);

 private:
  struct run {
    run_kind kind = run_kind::task;
    node* on = nullptr;
    job* of = nullptr;
    task* doing = nullptr;
    int instance = 0;
  };

  // Nodes and pools (model_pools.cpp, model_nodes.cpp)
  void allocate(pool& of);
  void grow(pool& of, bool dedicated, int wanted);
  void shrink(pool& of, bool dedicated, int wanted);
  void check_steady(pool& of);
  void set_allocation(pool& of, allocation_state to);
  void leave(node& of, deallocation option);
  void empty_node(node& of, deallocation option);
  void drop_runs(node& of, ending why);
  void boot_after(node& of, ticks delay);
  void erase_node(node& of);
  void set_state(node& of, node_state to);
  void boot(node& of);
  void booted(node& of);
  void run_start_task(node& of);
  void start_task_over(node& of, const command_result& result);
  void check_node(node& of);
  void reindex(node& of);
  void sample(pool& of);
  void autoscale_turn(pool& of);
  int next_number();
  std::string node_id(bool dedicated);
  const allocation_fault* fault_for(const pool& of);

  // Jobs (model_jobs.cpp)
  void watch_wall_clock(job& of);
  void set_state(job& of, job_state to);
  void end_job(job& of, job_state through);
  void check_job(job& of);
  void close_job(job& of);
  void start_releases(job& of);
  void release_over(node& of, job& with, const command_result& result);
  void erase_job(job& of);
  void job_action(task& of, const std::string& what);

  // Tasks (model_place.cpp, model_tasks.cpp, model_multi.cpp)
  void settle();
  void schedule(pool& in);
  bool place(task& of, pool& in);
  bool eligible(const node& of, job& with) const;
  void begin(task& of);
  void prepare(task& of);
  void start_preparation(node& of, job& with);
  void preparation_over(node& of, job& with, const command_result& result);
  void run_task(task& of);
  void start_coordination(task& of);
  void coordination_over(task& of, int instance, const command_result& result);
  void stop(task& of, ending why);
  void attempt_over(task& of, const command_result& result);
  void let_go(task& of);
  void back_to_queue(task& of);
  void complete(task& of, bool success);
  void apply_exit_conditions(task& of, const json& spec);
  void satisfy(task& of);
  void depend(task& of, const json& spec);
  void set_state(task& of, task_state to);
  void close_subtasks(task& of);
  void remember_on_nodes(task& of);

  std::uint64_t start_run(const run& what, action order);
  /// Ends a command that nobody waits for any more.
  void abandon(std::uint64_t id);
  void ask_to_stop(std::uint64_t id);
  std::vector<std::uint64_t> runs_of(const task& of) const;
  action order_for(const node& on) const;
  void after(ticks delay, std::function<void()> what);
  pool* pool_of(const job& of);
  void dirty(pool* of);

  model_options options_;
  ticks now_;
  ticks last_stamp_ = 0;
  ticks stamp();  ///< now, but later than any stamp before: entity tags differ

  std::map<std::string, std::unique_ptr<pool>> pools_;
  std::map<std::string, std::unique_ptr<job>> jobs_;
  std::map<std::uint64_t, run> runs_;
  std::multimap<ticks, std::function<void()>> timers_;
  std::vector<action> actions_;
  std::set<std::string> dirty_;
  std::set<int> numbers_;
  std::vector<allocation_fault> allocation_faults_;
  std::uint64_t next_run_ = 1;
  std::uint64_t next_sequence_ = 1;
  std::uint64_t revision_ = 0;
  std::mt19937_64 random_;
};

}  // namespace clusterless::emulator
