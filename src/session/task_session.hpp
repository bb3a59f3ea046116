// SPDX-License-Identifier: MIT
// A session: the processes that one task at a time owns. Process 1 runs its items, workers 2 … n+1
// run the maps nested in them. This is the supervisor's side: it sends runs, gives the items of
// nested maps to workers, enforces time limits, and turns the death of a process into the failure
// of the item it ran. Local nodes and batch nodes run this same code.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/task.hpp"
#include "session/host.hpp"
#include "session/link_file.hpp"
#include "session/member.hpp"

namespace clusterless::session {

class remote_node;
class task_session;

/// What a session tells. Calls are made from poll and tick, one thread at a time.
class session_events {
 public:
  virtual ~session_events() = default;
  /// The next `count` items of run `key` have values; `pack` holds them, valid during the call.
  virtual void succeeded(task_session& in, std::uint64_t key, std::uint64_t count,
                         core::nanoseconds spent, core::outcome_bytes pack) = 0;
  /// After `unreported` more items of run `key`, which have to be run again, one failed.
  virtual void failed(task_session& in, std::uint64_t key, std::uint64_t unreported,
                      error_info why) = 0;
  /// Run `key` is over; items without an outcome were not started, or not finished by no fault of
  /// their own.
  virtual void run_ended(task_session& in, std::uint64_t key) = 0;
  /// No process of this program gets as far as init(), and why: no item can ever run.
  virtual void unusable(task_session& in, const std::string& why) = 0;
  virtual void printed(task_session& in, int worker, std::uint64_t key, std::string_view text) = 0;
  virtual void progress(task_session& in, std::uint64_t key, double fraction,
                        std::string_view text) = 0;
  /// The bytes of a broadcast, or null when there is none under that key.
  virtual const core::broadcast_bytes* find_broadcast(const std::uint64_t (&key)[2]) = 0;
};

struct session_shape {
  int pool = 1;
  std::vector<std::string> nodes = {};  ///< names, the primary first
  int procs_per_node = 1;
  int omp_threads = 1;
  /// Where the agents of nodes on other hosts are, by node; unset, or past the end: this host.
  std::vector<std::optional<link_place>> places = {};
};

class task_session final : public member_events {
 public:
  task_session(host& on, session_events& to, session_shape shape);
  ~task_session() override;

  const session_shape& shape() const noexcept { return shape_; }
  /// Hands items to process 1. One more run may wait there for the first to end.
  void run(const core::run_order& order);
  std::size_t runs() const noexcept { return runs_.size(); }
  /// Since when nothing has come from the run that is first; meaningful while there is one.
  core::nanoseconds quiet_since() const noexcept { return quiet_since_; }
  /// Takes back the run that waits for the first to end, if it still does; run_ended() follows.
  void take_back();
  bool may_take_back() const;
  bool idle() const noexcept { return runs_.empty() && maps_.empty(); }
  /// Ends the run: its items are asked to stop, and killed when they do not.
  void end_run(std::uint64_t key);
  /// True when a node on another host is gone: the session goes on without it.
  bool has_lost_nodes() const;
  /// Everything on node `index` ends, as when the node is lost. When it is the primary, all does.
  void lose_node(std::size_t index);
  /// Begins to end all processes; the destructor waits for them.
  void kill_all();
  void forget_call(std::uint64_t call);
  void forget_broadcast(const std::uint64_t (&key)[2]);
  /// Deals with time limits and what waits to be sent.
  void tick();
  std::optional<core::nanoseconds> next_tick() const;
  void drain_output();
  std::size_t processes_alive() const;

  void received(member& from, os::message& what) override;
  void printed(member& by, std::string_view text) override;
  void died(member& dead, const last_moments& how) override;

 private:
  struct nested_map;
  using map_key = std::pair<int, std::uint64_t>;  // owner's id, number the owner gave it

  /// Something a process is in the middle of: a run, or waiting for its own nested map. What was
  /// sent to a process that has gone on meanwhile lies on top and is begun later.
  struct activity {
    std::uint64_t run = 0;  ///< key; 0: waits for `map`
    map_key map = {};       ///< of a nested run: the map it belongs to; {0, 0}: an item of the job
    core::nanoseconds timeout = 0;
    std::uint64_t first = 0;             ///< of a nested run: its first item
    std::uint64_t item = 0;              ///< index of the item it was in when last heard of
    core::nanoseconds item_started = 0;  ///< when that changed
    std::uint64_t root = 0;              ///< the job's run it is part of
    bool begun = false;                  ///< false: on its way, or behind what the process does
  };
  /// The item that a process was killed for, so that no other is blamed.
  struct blamed {
    std::uint64_t run = 0;
    std::uint64_t item = 0;
  };
  struct slot {
    std::unique_ptr<member> process;
    std::size_t node = 0;
    std::vector<activity> doing;
    std::optional<blamed> late;  ///< it was killed because this item ran too long
    std::unordered_set<std::uint64_t> calls_known;
  };
  struct job_run {
    core::run_order order;
    std::uint64_t done = 0;  ///< items with an outcome
  };
  /// A run whose items were asked to stop.
  struct ending {
    std::uint64_t run = 0;
    core::nanoseconds since = 0;
  };

  slot& slot_of(const member& process) {
    return slots_[static_cast<std::size_t>(process.facts().id) - 1];
  }
  /// Sends `run`, of which the caller has set key, root, task, attempt, depth and claim.
  void send_run(slot& to, wire::run run, const core::call_spec& call, const core::piece& items);
  void start(slot& who);
  void begin_first();
  nested_map* find_map(const map_key& key);
  nested_map* map_of_run(std::uint64_t key);
  static activity* find_run(slot& in, std::uint64_t key);
  std::uint64_t current_job_run() const;

  void on_outcomes(slot& from, os::message& what);
  void on_item_failed(slot& from, os::message& what);
  void on_nested_begin(slot& from, os::message& what);
  void on_nested_items(slot& from, os::message& what);
  void on_nested_end(slot& from, os::message& what);
  void on_progress(slot& from, os::message& what);
  void on_want_broadcast(slot& from, os::message& what);
  bool protocol_broken(slot& by);

  void run_over(slot& by, std::uint64_t key);
  void item_failed(std::uint64_t key, std::uint64_t unreported, error_info why);
  std::uint64_t reported(std::uint64_t key, const activity& doing);
  void end_output();
  std::atomic<std::uint64_t>* claim_of_last() const;
  void charge(slot& who, const activity& doing, std::uint64_t item, error_info why);
  void put_back(slot& who, const activity& doing);
  void all_over();
  void end_by_force(std::uint64_t root);
  void check_ending();
  static error_info stopped_by_job();
  void nested_error(nested_map& map, std::uint64_t item, const error_info& why);
  void drop_map(const map_key& key);
  void close_map(nested_map& map, const error_info& why);
  void settle_unrun(nested_map& map);
  void give_nested_work();
  bool wake_up(slot& who, nested_map& map, const core::task_order& order);
  bool may_run(const slot& who, const nested_map& map) const;
  bool workers_lost() const;
  void refuse_lost_workers();
  void watch_hosts();
  void check_time(slot& of);
  error_info facts_of(const slot& who, std::uint64_t item, std::uint64_t task, int attempt) const;

  host& host_;
  session_events& events_;
  session_shape shape_;
  std::vector<std::unique_ptr<remote_node>> remotes_;  // by node; null: this host
  std::size_t hosts_reached_ = 0;                      // when work was last given
  std::size_t hosts_lost_ = 0;
  std::vector<slot> slots_;
  std::map<std::uint64_t, job_run> runs_;  // by key, in the order they were given
  std::map<map_key, std::unique_ptr<nested_map>> maps_;
  std::unordered_map<std::uint64_t, map_key> nested_runs_;  // key -> map
  std::string tail_;                                        // of what the current run printed
  std::string unsure_tail_;  // printed when the next run was queued: it may have been that one
  std::optional<ending> ending_;
  core::nanoseconds quiet_since_ = 0;
};

}  // namespace clusterless::session
