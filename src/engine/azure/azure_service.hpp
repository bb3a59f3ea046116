// SPDX-License-Identifier: MIT
// The engine's service thread and all that lives on it: connections, accounts, pools, jobs, and the
// program and broadcast values that are brought to blobs once. Others hand it work by post().
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "azure/loop.hpp"
#include "bundle/bundle.hpp"
#include "engine/azure/azure_run.hpp"
#include "engine/azure/batch_job.hpp"
#include "engine/azure/node_pool.hpp"
#include "engine/azure/outbox.hpp"
#include "engine/azure/task_place.hpp"

namespace clusterless::engine {

class azure_service {
 public:
  /// Starts the thread, which makes the pools at once.
  azure_service(const pool_plan& plan, outbox& to);
  /// Ends the thread, after close() at the latest.
  ~azure_service();
  azure_service(const azure_service&) = delete;
  azure_service& operator=(const azure_service&) = delete;

  using broadcast_key = azure_run::broadcast_key;
  using shared_bytes = azure_run::shared_bytes;

  /// Where a task of this run is in this pool, but for the task itself.
  task_place place_in(std::size_t pool, const std::string& run, int priority) const;
  /// The run of unnamed maps.
  const std::string& own_run() const { return run_; }

  // From any thread; they return at once.
  /// The task goes where place_in() says, under this id.
  void submit(std::size_t pool, const std::string& run, const std::string& id,
              core::run_order order, std::vector<broadcast_key> needs);
  void send_broadcast(const std::string& container, broadcast_key key, shared_bytes file);
  struct adopted_task {
    task_place place = {};
    core::run_order order = {};
    std::vector<broadcast_key> needs = {};
  };
  /// Takes up tasks, and what else is at `places`; each is in an account of the plan.
  void adopt(std::vector<task_place> places, std::vector<adopted_task> tasks);
  /// Ends and removes the runs in these containers.
  void end_runs(std::vector<std::string> containers);
  /// Whether it has the account of this place.
  bool knows(const task_place& place) const { return account_of(place).has_value(); }
  void cancel(std::uint64_t key);
  void resize(const pool_size& nodes);
  void lose_node(std::size_t pool, int node);
  /// Ends the jobs and removes what is this run's; with `remove` the pools too.
  void close(bool remove);
  /// Until the thread has ended.
  void wait();

  /// When the first task began to run, by the engine's clock; 0: none has yet.
  core::nanoseconds first_run() const { return first_run_.load(); }

 private:
  /// One pool of the program, with what its tasks wait for.
  struct member {
    std::size_t account = 0;
    std::unique_ptr<node_pool> nodes;
    std::vector<std::function<void()>> waiting;  ///< for pool and program
    bool ready = false;                          ///< both are there
    bool pool_ready = false;
  };
  /// What is the same for all pools of an account.
  struct site {
    std::unique_ptr<cloud> in;
    bool program_ready = false;
    int files_left = 0;
  };

  void run();
  void begin();
  void open_account(std::size_t at);
  void send_program(std::size_t account);
  void send_file(std::size_t account, const bundle::bundle_file& file);
  void program_sent(std::size_t account);
  void remove_dead_runs(std::size_t account);
  void make_pool(std::size_t at, const std::string& script);
  void advance(std::size_t pool);
  azure_run& run_in(const std::string& container, bool there);
  batch_job& job_of(azure_run& run, const task_place& place, std::size_t account, int priority);
  std::optional<std::size_t> account_of(const task_place& place) const;
  std::size_t account_of_pool(std::size_t pool) const { return pool % sites_.size(); }
  azure::batch::resource_file resource_file_of(const cloud& in,
                                               const bundle::bundle_file& file) const;
  void add(std::size_t pool, const task_place& place, core::run_order order,
           std::vector<broadcast_key> needs);
  void broken(const std::string& why);
  void close_now(bool remove);
  void closed_one();
  void post(std::function<void()> work);

  const pool_plan plan_;
  outbox& to_;
  inbox inbox_;
  std::string run_;
  bundle::bundle program_;
  std::unique_ptr<azure::transport> over_;
  std::unique_ptr<azure::loop> on_;
  std::vector<site> sites_;
  std::vector<member> members_;
  std::map<std::string, std::unique_ptr<azure_run>> runs_;  ///< by container
  std::vector<std::unique_ptr<azure_run>> ended_runs_;      ///< requests may still name them
  std::map<std::uint64_t, bool> on_the_way_;  ///< tasks that no job has yet; whether cancelled
  std::atomic<core::nanoseconds> first_run_{0};
  bool broken_ = false;
  bool closing_ = false;
  int closing_left_ = 0;
  bool over_now_ = false;
  std::mutex ended_mutex_;
  std::condition_variable ended_changed_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace clusterless::engine
