// SPDX-License-Identifier: MIT
// The inside of a pool handle: its engine, its jobs, and the thread that drives both while nobody
// waits. A thread that waits for outcomes drives the engine itself for a moment before it sleeps,
// which is what makes short items fast. One lock guards all pools of the process.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <clusterless/detail/client.hpp>

#include "client/job.hpp"
#include "client/screen.hpp"
#include "client/waiting.hpp"
#include "config/settings.hpp"
#include "core/defaults.hpp"
#include "engine/engine.hpp"
#include "os/spin.hpp"

namespace clusterless::client {

using guard = std::unique_lock<std::mutex>;
using engine_accounts = std::shared_ptr<const std::vector<core::cloud_account>>;

class pool final : public std::enable_shared_from_this<pool>, private engine::events {
 public:
  explicit pool(config::settings settings, engine_accounts accounts = {});
  ~pool() override = default;
  /// Starts the engine and the driving thread.
  void open();

  // For users, from any thread, without the lock.
  detail::job_ptr submit(detail::call what, detail::item_source* now,
                         std::unique_ptr<detail::item_source> later, const map_options& options);
  std::shared_ptr<const void> broadcast(detail::buffer bytes, detail::segment_list beside,
                                        const std::string& schema, std::uint64_t (&key)[2]);
  int pools() const;
  int nodes() const;
  void resize(int nodes, std::optional<int> spot_nodes);
  void lose_node(int pool, int node);
  /// Ends all jobs and the nodes.
  void destroy();
  /// The user's handle is gone: jobs that nobody can ask any more end, others go on.
  void abandon();
  detail::job_ptr reopen(std::shared_ptr<store::object_store> in, const std::string& name,
                         const std::string& result_schema);
  /// Where it looks for a job: with its own, or in the directory. Throws `error` (misuse) when it
  /// is not there.
  std::shared_ptr<store::object_store> store_of(const std::string& name) const;

  // For its jobs; with the lock held, but for forget().
  /// Throws `error` (misuse) where waiting for it would never end: in a process that was forked
  /// from that of the pool, and in an input range that is being read.
  guard lock() const;
  /// Drives or sleeps until `done()`; false when `limit_ns` (negative: none) passed first.
  bool wait_until(guard& held, core::nanoseconds limit_ns, const std::function<bool()>& done);
  void cancel(job& which, const std::string& by);
  void revive(const std::shared_ptr<job>& finished);
  void forget(std::uint64_t call);
  void tell_retry(const job& of, const error_info& why);
  /// Items of its tasks that have begun and have no outcome yet.
  std::uint64_t items_running(const job& of) const;

  // For the runtime; with the lock held.
  bool has_waiting_inputs() const;
  void wake() noexcept;
  int bell() const noexcept { return engine_->bell(); }
  /// Ends everything after Ctrl-C and says how each job can be taken up again.
  void interrupt();

 private:
  struct task_ref {
    job* of = nullptr;
    std::uint64_t task = 0;
    int pool = 0;
  };
  /// A task whose job has settled it, while its processes end.
  struct ending_task {
    std::weak_ptr<job> of;
    std::uint64_t task = 0;
    std::uint64_t first = 0;  ///< item
    std::uint64_t count = 0;
  };
  using broadcast_name = std::pair<std::uint64_t, std::uint64_t>;

  std::shared_ptr<store::object_store> own_store();
  std::shared_ptr<job> make_job(detail::call& what, const map_options& options,
                                std::optional<std::uint64_t> total);
  void check_open() const;
  void start(const std::shared_ptr<job>& made);
  void end_tasks(const job* of, const error_info& why);
  void tell_left();
  void drive();
  void lock_behind_others(guard& held) const;
  void feed();
  void feed_one(job& of);
  void feed_lasting(job& of);
  void adopt(const std::shared_ptr<job>& reopened, std::vector<engine::placed_order> tasks);
  /// What goes wrong with a record ends its job, and nothing else.
  template <class Use>
  void with_record(job& of, Use&& use) {
    try {
      use();
    } catch (const error& caught) {
      if (of.record() == nullptr) throw;
      of.record_failed(caught);
    }
  }
  void after_events();
  void finish_jobs();
  void show_lines(const job& of, std::uint64_t task, int in_pool, int worker,
                  std::string_view text);
  core::nanoseconds next_deadline() const;
  void plan_wake();
  void wake_by(core::nanoseconds when);
  void close_engine(const std::string& why, bool remove);

  void started(std::uint64_t key, int pool) override;
  void succeeded(std::uint64_t key, std::uint64_t count, core::nanoseconds spent,
                 core::outcome_bytes pack) override;
  void failed(std::uint64_t key, std::uint64_t unreported, error_info why) override;
  void ended(std::uint64_t key) override;
  void printed(std::uint64_t key, int pool, int worker, std::string_view text) override;
  void progress(std::uint64_t key, double fraction, std::string_view text) override;
  void note(const std::string& line) override;
  void broken(const std::string& why) override;
  const core::broadcast_bytes* find_broadcast(const std::uint64_t (&key)[2]) override;

  const unsigned made_in_ = process_generation();
  config::settings settings_;
  engine_accounts accounts_;
  std::shared_ptr<store::object_store> store_;  ///< where its named jobs are recorded, once asked
  screen screen_;
  std::unique_ptr<engine::engine> engine_;
  std::thread driver_;
  bool abandoned_ = false;
  bool closed_ = false;
  std::string broken_;
  os::spin spin_;
  core::nanoseconds spin_ns_ = defaults::spin_ns;  ///< for how long a thread waits awake
  core::nanoseconds planned_wake_ = -1;            ///< when the sleeping driver wakes by itself

  std::list<std::shared_ptr<job>> running_;  ///< unfinished jobs, the highest priority first
  std::unordered_map<std::uint64_t, task_ref> tasks_;
  std::unordered_map<std::uint64_t, ending_task> ending_;
  std::map<broadcast_name, std::weak_ptr<const core::broadcast_bytes>> broadcasts_;
  std::uint64_t last_job_ = 0;

  std::mutex dropped_mutex_;  ///< destructors run with and without the lock
  std::vector<std::uint64_t> dropped_calls_;
  std::vector<broadcast_name> dropped_broadcasts_;
};

/// Opens a pool as pool_options, parameters.json and the environment say.
std::shared_ptr<pool> open_pool_from(const pool_options& options);

}  // namespace clusterless::client
