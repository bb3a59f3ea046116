// SPDX-License-Identifier: MIT
// What an account holds: pools, nodes, jobs, tasks, each with the states and times of the service.
// Plain data; model.hpp changes it, render.hpp shows it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "emulator/json.hpp"
#include "emulator/times.hpp"

namespace clusterless::emulator {

struct pool;
struct job;
struct task;

/// How long the service takes, in ticks.
struct latencies {
  ticks allocation = 0;     ///< a resize is asked for … its nodes are there
  ticks boot = 0;           ///< a node is there … it is ready
  ticks schedule = 0;       ///< a task has its node … it runs
  ticks removal = 0;        ///< a node has no tasks any more … it is gone
  ticks restore = 0;        ///< a node is preempted … it comes back
  ticks job_end = 0;        ///< nothing of a job runs any more … its state says so
  ticks stop = 0;           ///< a command is asked to end by SIGTERM … it is killed; 0: at once
  ticks autoscale_gap = 0;  ///< one change of a formula … the next one that is accepted
};
/// Nothing takes time.
latencies zero_latencies();
/// As in recordings of the service: a minute for nodes, a second for a task.
latencies realistic_latencies();

/// Why a command has no good end, as failureInfo tells it.
struct failure {
  std::string category = {};  ///< "usererror" or "servererror"
  std::string code = {};
  std::string message = {};
  std::vector<std::pair<std::string, std::string>> details = {};
};

/// What became of a command line.
struct command_result {
  std::optional<int> exit_code = {};
  std::optional<failure> failed = {};
  ticks started = 0;
  ticks ended = 0;
};

enum class run_kind : std::uint8_t { start_task, preparation, release, task, coordination };

/// A start task, preparation or release on a node.
struct node_command {
  bool running = false;
  bool done = false;
  bool succeeded = false;
  int retries = 0;
  std::uint64_t run = 0;
  command_result result = {};
};

/// What is to be done with the tasks of a node that goes.
enum class deallocation : std::uint8_t { requeue, terminate, taskcompletion, retaineddata };

enum class node_state : std::uint8_t {
  idle,
  rebooting,
  reimaging,
  running,
  unusable,
  creating,
  starting,
  waitingforstarttask,
  starttaskfailed,
  unknown,
  leavingpool,
  offline,
  preempted
};
const char* to_string(node_state of);

struct node {
  std::string id = {};
  int number = 0;  ///< its address is 127.0.1.number, and beyond 254 it goes on with 127.0.2
  pool* of = nullptr;
  bool dedicated = true;
  node_state state = node_state::creating;
  ticks state_time = 0;
  ticks allocated = 0;
  ticks booted = 0;
  bool schedulable = true;
  int boot = 0;  ///< how often it was started; timers of an earlier boot are void
  std::optional<node_command> start_task = {};
  int free_slots = 0;
  std::set<task*> tasks = {};
  std::map<job*, node_command> prepared = {};
  std::map<job*, node_command> released = {};
  int total_run = 0;
  int total_succeeded = 0;
  std::vector<json> recent = {};
  std::optional<deallocation> leaving = {};
  std::optional<node_state> next = {};  ///< rebooting or reimaging, once its tasks are gone

  std::string address() const;
};

enum class allocation_state : std::uint8_t { steady, resizing, stopping };
const char* to_string(allocation_state of);

struct pool {  // NOLINT(bugprone-exception-escape): moving json throws nothing
  std::string id = {};
  json doc = {};  ///< what is fixed, as it was asked for
  ticks created = 0;
  ticks modified = 0;
  bool deleting = false;
  ticks state_time = 0;
  allocation_state allocation = allocation_state::resizing;
  ticks allocation_time = 0;
  int target_dedicated = 0;
  int target_spot = 0;
  ticks resize_timeout = 15 * one_minute;
  deallocation resize_option = deallocation::requeue;
  std::vector<failure> resize_errors = {};
  int resizes = 0;  ///< timers of an earlier resize are void
  bool autoscale = false;
  std::string formula = {};
  ticks interval = 15 * one_minute;
  int autoscale_turn = 0;
  ticks autoscale_enabled = 0;
  json autoscale_run = {};  ///< timestamp, results, error
  std::vector<std::map<std::string, double>> samples = {};
  int slots = 1;
  bool pack = false;
  bool inter_node = false;
  std::map<std::string, std::unique_ptr<node>> nodes = {};
  std::set<std::pair<int, node*>> free = {};  ///< by free slots

  int count(bool dedicated) const;  ///< nodes that are not about to go
};

enum class job_state : std::uint8_t {
  active,
  disabling,
  disabled,
  enabling,
  terminating,
  completed,
  deleting
};
const char* to_string(job_state of);

struct job {  // NOLINT(bugprone-exception-escape): moving json throws nothing
  std::string id = {};
  std::uint64_t uid = 0;
  json doc = {};
  ticks created = 0;
  ticks modified = 0;
  job_state state = job_state::active;
  ticks state_time = 0;
  std::optional<std::pair<job_state, ticks>> previous = {};
  std::string pool_id = {};
  bool auto_pool = false;
  ticks started = 0;
  std::optional<ticks> ended = {};
  std::string terminate_reason = {};
  std::map<std::string, std::unique_ptr<task>> tasks = {};  ///< by id in lower case
  std::set<std::pair<std::uint64_t, task*>> ready = {};     ///< active, nothing to wait for
  std::set<task*> placed = {};                              ///< has nodes
  std::map<std::string, std::vector<task*>> waiters = {};   ///< id -> tasks that depend on it
  std::uint64_t completed = 0;
  std::uint64_t succeeded = 0;
  int releasing = 0;
  bool released = false;
  bool closing = false;

  int priority() const;
  int max_parallel() const;
};

enum class task_state : std::uint8_t { active, preparing, running, completed };
const char* to_string(task_state of);

/// Why an attempt is ended before its time.
enum class ending : std::uint8_t {
  none,
  terminated,
  requeued,
  node_lost,
  removed,
  timed_out,
  coordination_failed
};

struct node_facts {
  std::string pool = {};
  std::string node = {};
  int number = 0;
};

/// One instance of a multi-instance task.
struct subtask {
  node_facts where = {};
  task_state state = task_state::running;
  ticks state_time = 0;
  std::uint64_t run = 0;
  command_result result = {};
  bool coordinated = false;
};

struct task {
  std::string id = {};
  job* of = nullptr;
  std::uint64_t sequence = 0;
  std::string spec = {};  ///< as it was asked for, one line of JSON
  int instances = 1;
  bool multi_instance = false;
  int slots = 1;
  int max_retries = 0;
  ticks max_wall = unlimited;
  ticks retention = 7 * one_day;
  ticks created = 0;
  ticks modified = 0;
  task_state state = task_state::active;
  ticks state_time = 0;
  std::optional<std::pair<task_state, ticks>> previous = {};
  int retries = 0;
  int requeues = 0;
  std::optional<ticks> last_retry = {};
  std::optional<ticks> last_requeue = {};
  std::optional<ticks> started = {};
  std::optional<ticks> ended = {};
  std::optional<int> exit_code = {};
  std::optional<failure> failed = {};
  std::optional<bool> succeeded = {};
  std::vector<node*> nodes = {};       ///< while placed; the first is the primary
  std::vector<node_facts> where = {};  ///< stays after the end
  std::vector<subtask> subtasks = {};
  std::uint64_t run = 0;  ///< the application command, while it runs
  int live = 0;           ///< commands on nodes
  int attempt = 0;
  bool begun = false;
  ending why = ending::none;
  std::size_t unmet = 0;
  bool satisfied = false;
  bool files_removed = false;
};

/// What the model asks of the nodes.
struct action {  // NOLINT(bugprone-exception-escape): moving json throws nothing
  enum class kind : std::uint8_t { run, stop, sweep, remove_directory, wipe_node };
  kind what = kind::run;
  std::uint64_t run = 0;
  run_kind command = run_kind::task;
  json spec = {};    ///< commandLine, resourceFiles, outputFiles, environmentSettings …
  json common = {};  ///< environment settings of the job
  std::string pool = {};
  std::string node = {};
  int number = 0;
  bool dedicated = true;
  std::string job = {};
  std::string task = {};  ///< its directory, too: "task", "jobpreparation" …
  int attempt = 0;
  int instance = 0;
  std::string preparation = {};         ///< the directory name of the job's preparation
  std::vector<std::string> hosts = {};  ///< addresses of a multi-instance task, the primary's first
  int slots = 1;
};

}  // namespace clusterless::emulator
