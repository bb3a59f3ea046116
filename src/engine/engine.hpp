// SPDX-License-Identifier: MIT
// The seam behind which nodes are: this machine, Azure Batch, Slurm. An engine makes pools and runs
// tasks on them; it decides nothing about retries. It is driven by one thread at a time, and never
// blocks but in sleep().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <clusterless/error.hpp>

#include "core/cloud_account.hpp"
#include "core/task.hpp"

namespace clusterless::engine {

/// What an engine tells; calls are made from inside poll() and sleep().
class events {
 public:
  virtual ~events() = default;
  /// Task `key` runs on a pool (from 1), or is about to. Once, before its first outcome.
  virtual void started(std::uint64_t key, int pool) = 0;
  /// The next `count` items of task `key` have values. `pack` is valid during the call.
  virtual void succeeded(std::uint64_t key, std::uint64_t count, core::nanoseconds spent,
                         core::outcome_bytes pack) = 0;
  /// After `unreported` more items of task `key`, which have to be run again, one failed.
  virtual void failed(std::uint64_t key, std::uint64_t unreported, error_info why) = 0;
  /// Task `key` is over. Items without an outcome were not finished, through no fault of theirs.
  /// It comes in the same poll() or sleep() as the task's last outcome.
  virtual void ended(std::uint64_t key) = 0;
  /// An item of task `key` printed lines. `worker`: 1 for the item's own process.
  virtual void printed(std::uint64_t key, int pool, int worker, std::string_view text) = 0;
  virtual void progress(std::uint64_t key, double fraction, std::string_view text) = 0;
  /// Something about nodes that users want to know, as one line.
  virtual void note(const std::string& line) = 0;
  /// No task can run on this pool any more, and why.
  virtual void broken(const std::string& why) = 0;
  /// The bytes of a broadcast, or null when there is none under that key.
  virtual const core::broadcast_bytes* find_broadcast(const std::uint64_t (&key)[2]) = 0;
};

/// A task as it was placed. Its order has no pack when it has items that must not be run again.
struct placed_order {
  core::run_order order = {};
  std::string place = {};
};

class engine {
 public:
  virtual ~engine() = default;
  virtual int pools() const = 0;
  virtual int nodes() const = 0;  ///< of each pool
  /// Throws `error` when no pool can ever hold a task of this shape.
  virtual void check(const core::task_shape& shape) const = 0;
  /// How many tasks of this shape would be taken now; with `ahead` also those that queue up behind
  /// running ones.
  virtual std::size_t room(const core::task_shape& shape, bool ahead) const = 0;
  /// How many tasks of this shape run side by side when nothing else does.
  virtual std::size_t slots(const core::task_shape& shape) const = 0;
  /// How long a task should run, so that starting it does not count.
  virtual core::task_pace pace() const = 0;
  /// Takes a task; call it only when there is room.
  virtual void submit(core::run_order order) = 0;
  /// Whether tasks of lasting calls go on when this process has died, and may be adopted.
  virtual bool tasks_outlive_client() const { return false; }
  /// Where the task will be that submit() is called with next to last, as text for adopt() in
  /// another process. It must be recorded before submit().
  virtual std::string place_for(const core::run_order& order);
  /// Takes up `tasks`, which another process placed, as if they had been submitted: they are told
  /// of from their first item on. One that is not there, nor can be, ends without outcomes. Of
  /// `places`, those of all tasks placed for this call, what is not adopted is ended, and all is
  /// removed when the call is forgotten. Throws `error` (misuse), and takes none, when this engine
  /// cannot look there.
  virtual void adopt(std::uint64_t call, const std::vector<std::string>& places,
                     std::vector<placed_order>&& tasks);
  /// Ends a task: its items are asked to stop, and are killed when they do not; ended() follows.
  virtual void cancel(std::uint64_t key) = 0;
  virtual void forget_call(std::uint64_t call) = 0;
  /// Tasks may ask for this broadcast from now on.
  virtual void know_broadcast(const std::uint64_t (&key)[2]) = 0;
  virtual void forget_broadcast(const std::uint64_t (&key)[2]) = 0;
  virtual std::uint64_t next_key() = 0;
  virtual core::nanoseconds now() const = 0;

  /// Delivers what has happened. Cheap enough to spin on unless `thorough`, which also looks at
  /// what costs system calls. False when nothing had happened.
  virtual bool poll(events& to, bool thorough) = 0;
  /// Delivers all that the processes of task `key` have printed so far.
  virtual void drain_output(events& to, std::uint64_t key) = 0;
  /// Waits until something happens, wake() is called or `deadline` has come (negative: none), and
  /// delivers it. `around(true)` is called before the wait and `around(false)` after it.
  virtual void sleep(events& to, core::nanoseconds deadline,
                     const std::function<void(bool)>& around) = 0;
  virtual void wake() = 0;
  /// An eventfd that wakes it too, for signal handlers.
  virtual int bell() const = 0;
  /// A thread begins or ends to call poll() in a loop: meanwhile sleep() need not be woken.
  virtual void attend(bool begin) = 0;
  /// It ends, and is likely to begin again before `back_by`: until then what happens may wait for
  /// it, unless attend(false) is called.
  virtual void leave(core::nanoseconds back_by) = 0;
  /// Whether such a thread is expected at the moment.
  virtual bool attended() const = 0;
  /// When the engine itself wants sleep() to end, for its time limits; negative: not.
  virtual core::nanoseconds next_deadline() const = 0;

  /// `spot_nodes` of them are to be spot nodes; unset: see pool::resize. Throws `error` (misuse).
  virtual void resize(int nodes, std::optional<int> spot_nodes) = 0;
  virtual void lose_node(int pool, int node) = 0;
  /// Ends everything. The engine takes no more tasks. With `remove`, nodes that could serve other
  /// programs go as well.
  virtual void close(bool remove) = 0;
  /// Waits, not for ever, until what close() began is done: for programs that end at once. Tells
  /// once what had to be left behind, a line for each thing.
  virtual std::vector<std::string> settle() = 0;
};

inline std::string engine::place_for(const core::run_order&) {
  return {};
}

inline void engine::adopt(std::uint64_t, const std::vector<std::string>&,
                          std::vector<placed_order>&&) {
  throw error(error_kind::misuse,
              "tasks of this job may still run on a batch service, where this pool cannot look; "
              "reopen it on a pool of that engine, or end them with `clusterless cancel`");
}

/// What a pool is made of; every engine reads what concerns it.
struct pool_plan {
  std::string engine = "local";
  int pools = 1;
  int nodes = 1;
  int procs_per_node = 1;
  int omp_threads = 1;
  std::string startup_script = {};
  bool verbose = true;

  // Of batch services.
  std::shared_ptr<const std::vector<core::cloud_account>> accounts = {};
  std::string pool_id = {};         ///< base; pool i is <pool_id>_<i>
  std::string job_id = {};          ///< base
  std::string blob_container = {};  ///< base
  std::string vm_size = {};
  std::string os_publisher = {};  ///< empty, as the other two: chosen by what the service supports
  std::string os_offer = {};
  std::string os_sku = {};           ///< the start of one
  std::string container = {};        ///< image that tasks run in; empty: none
  int spot_nodes = 0;                ///< of `nodes`
  int tasks_per_node = 1;            ///< of one node, side by side
  std::string formula = {};          ///< scales the pools; empty: the engine's own
  int formula_interval_s = 0;        ///< 0: the engine's own
  std::string image_id = {};         ///< image of the user's own
  std::string registry_server = {};  ///< of `container`
  std::string registry_user = {};    ///< empty: nobody is asked who they are
  std::shared_ptr<const core::secret> registry_password = {};
  std::optional<bool> inter_node = {};  ///< nodes reach each other; unset: as is useful
};

}  // namespace clusterless::engine
