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
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "azure/loop.hpp"
#include "bundle/bundle.hpp"
#include "engine/azure/batch_job.hpp"
#include "engine/azure/node_pool.hpp"
#include "engine/azure/outbox.hpp"

namespace clusterless::engine {

class azure_service {
 public:
  /// Starts the thread, which makes the pools at once.
  azure_service(const pool_plan& plan, outbox& to);
  /// Ends the thread, after close() at the latest.
  ~azure_service();
  azure_service(const azure_service&) = delete;
  azure_service& operator=(const azure_service&) = delete;

  using broadcast_key = std::pair<std::uint64_t, std::uint64_t>;
  using shared_bytes = std::shared_ptr<const std::vector<std::byte>>;

  // From any thread; they return at once.
  void submit(std::size_t pool, core::run_order order, std::vector<broadcast_key> needs);
  void send_broadcast(broadcast_key key, shared_bytes file);
  void cancel(std::size_t pool, std::uint64_t key);
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
    std::map<int, std::unique_ptr<batch_job>> jobs;  ///< by priority
    std::vector<std::function<void()>> waiting;      ///< for pool and program
    std::set<std::uint64_t> cancelled;               ///< of those
    bool ready = false;                              ///< both are there
    bool pool_ready = false;
  };
  /// What is the same for all pools of an account.
  struct place {
    std::unique_ptr<cloud> in;
    bool program_ready = false;
    bool making_container = false;  ///< of this run
    int files_left = 0;
    std::map<broadcast_key, std::vector<std::function<void()>>> sending;
    std::map<broadcast_key, bool> sent;
  };

  void run();
  void begin();
  void open_account(std::size_t at);
  void send_program(std::size_t account);
  void send_file(std::size_t account, const bundle::bundle_file& file);
  void program_sent(std::size_t account);
  void make_pool(std::size_t at, const std::string& script);
  void advance(std::size_t pool);
  batch_job& job_of(std::size_t pool, int priority);
  azure::batch::resource_file resource_file_of(const cloud& in,
                                               const bundle::bundle_file& file) const;
  void with_broadcasts(std::size_t account, std::vector<broadcast_key> needs,
                       const std::function<void()>& then);
  void send_broadcast_to(std::size_t account, broadcast_key key);
  void broken(const std::string& why);
  void close_now(bool remove);
  void remove_container(place& at);
  void closed_one();
  void post(std::function<void()> work);

  const pool_plan plan_;
  outbox& to_;
  inbox inbox_;
  std::string run_;        ///< names this run's things
  std::string container_;  ///< of this run
  bundle::bundle program_;
  std::unique_ptr<azure::transport> over_;
  std::unique_ptr<azure::loop> on_;
  std::vector<place> places_;
  std::vector<member> members_;
  std::map<broadcast_key, shared_bytes> broadcasts_;
  std::set<std::uint64_t> on_the_way_;  ///< tasks that no job has yet
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
