// SPDX-License-Identifier: MIT
// The worker's side: a loop that takes messages from the supervisor, runs items, and sends outcomes
// back. While an item waits for a nested map the same loop goes on inside it, so that the process
// can run items of that map itself.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <clusterless/detail/client.hpp>

#include "os/channel.hpp"
#include "os/unique_fd.hpp"
#include "session/environment.hpp"
#include "session/run_item.hpp"

namespace clusterless::session {

class pending_map;

class worker {
 public:
  /// Takes the channel over from the descriptor the process was started with. Throws `error`.
  explicit worker(int socket);
  ~worker();

  /// Runs what the supervisor sends until it says quit.
  void serve();
  /// Deals with one message; waits for it when there is none. Items of the job that come while
  /// another one is being run are left for later.
  void take_one();

  /// Starts a nested map; outcomes arrive while take_one() is called. Throws `error` (misuse) in
  /// threads other than that of the items.
  detail::job_ptr begin_map(detail::call what, detail::item_source& items, int pinned,
                            const map_options& options);
  void send_progress(double fraction, const std::string& text);
  bool stop_requested();
  /// The environment of the current items, as name=value, each ended by a zero.
  const std::string& current_environment() const noexcept { return environment_.current(); }
  /// The bytes of a broadcast value; waits for them. Throws `error` when there are none, and in
  /// threads other than that of the items.
  void fetch_broadcast(const std::uint64_t (&key)[2], std::vector<std::byte>& copied,
                       detail::segment_ptr& shared, const std::byte*& data, std::size_t& size,
                       detail::segment_list& beside);
  os::channel& link() { return link_; }

 private:
  friend class pending_map;
  struct known_call {
    item_call what = {};
    std::string env = {};
    std::shared_ptr<void> bound = {};  ///< what.bound; items that run hold it
  };
  struct given_run {
    wire::run run = {};
    known_call call = {};
    detail::segment_ptr shared = {};
    std::vector<std::byte> copied = {};
    const std::byte* data = nullptr;
    std::size_t size = 0;
    detail::segment_list beside = {};
  };
  struct arrived_broadcast {
    bool found = false;
    std::vector<std::byte> copied = {};
    detail::segment_ptr shared = {};
    const std::byte* data = nullptr;
    std::size_t size = 0;
    detail::segment_list beside = {};
  };
  void on_hello(os::message& what);
  void on_define(os::message& what);
  void on_run(os::message& what);
  void on_nested_outcomes(os::message& what);
  void on_broadcast(os::message& what);
  void begin(const given_run& what);
  void run_items(const given_run& what);

  os::channel link_;
  os::unique_fd home_;  ///< the current directory that items begin in
  bool greeted_ = false;
  bool quit_ = false;
  std::unordered_map<std::uint64_t, known_call> calls_;
  std::unordered_map<std::uint64_t, pending_map*> maps_;
  std::uint64_t last_map_ = 0;
  std::multimap<std::pair<std::uint64_t, std::uint64_t>, arrived_broadcast> arrived_;  ///< by key
  std::deque<given_run> later_;
  bool ran_ = false;       ///< an item since it last slept
  std::size_t depth_ = 0;  ///< runs that were begun and are not over
  environment environment_;
  std::int64_t last_progress_ = 0;
  const std::thread::id own_thread_ = std::this_thread::get_id();
};

/// Runs this process as a worker and ends it; never returns.
[[noreturn]] void worker_main(int socket);

}  // namespace clusterless::session
