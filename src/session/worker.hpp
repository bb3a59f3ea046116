// SPDX-License-Identifier: MIT
// The worker's side: a loop that takes messages from the supervisor, runs items, and sends outcomes
// back. While an item waits for a nested map the same loop goes on inside it, so that the process
// can run items of that map itself.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <clusterless/detail/client.hpp>

#include "os/channel.hpp"
#include "session/run_item.hpp"

namespace clusterless::session {

class pending_map;

class worker {
 public:
  /// Takes the channel over from the descriptor the process was started with. Throws `error`.
  explicit worker(int socket);
  ~worker();

  /// Takes messages until the supervisor says quit.
  void serve();
  /// Deals with one message; waits for it when there is none.
  void take_one();

  /// Starts a nested map; outcomes arrive while take_one() is called.
  detail::job_ptr begin_map(detail::call what, detail::item_source& items, int pinned,
                            const map_options& options);
  void send_progress(double fraction, const std::string& text);
  bool stop_requested() const;
  /// The bytes of a broadcast value; waits for them. Throws `error` when there are none.
  void fetch_broadcast(const std::uint64_t (&key)[2], std::vector<std::byte>& copied,
                       detail::segment_ptr& shared, const std::byte*& data, std::size_t& size,
                       detail::segment_list& beside);
  os::channel& link() { return link_; }

 private:
  friend class pending_map;
  struct known_call {
    item_call what = {};
    std::string env = {};
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
  void run_items(const wire::run& run, const known_call& call, const std::byte* data,
                 std::size_t size, const detail::segment_list& beside);
  void set_environment(const std::string& env);

  os::channel link_;
  bool greeted_ = false;
  bool quit_ = false;
  std::unordered_map<std::uint64_t, known_call> calls_;
  std::unordered_map<std::uint64_t, pending_map*> maps_;
  std::uint64_t last_map_ = 0;
  std::multimap<std::pair<std::uint64_t, std::uint64_t>, arrived_broadcast> arrived_;  ///< by key
  std::string env_;  ///< what is set for the current call
  std::uint64_t current_run_ = 0;
  std::int64_t last_progress_ = 0;
};

/// Runs this process as a worker and ends it; never returns.
[[noreturn]] void worker_main(int socket);

}  // namespace clusterless::session
