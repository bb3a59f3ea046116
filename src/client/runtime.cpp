// SPDX-License-Identifier: MIT
#include "client/runtime.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <vector>

#include "client/pool.hpp"
#include "client/waiting.hpp"

namespace clusterless::client {

namespace {

std::atomic<bool> called_init{false};
std::atomic<bool> ctrl_c{false};

using pool_list = std::vector<std::weak_ptr<pool>>;

pool_list*& pool_list_here() {
  static auto* all = new pool_list;
  return all;
}

pool_list& pools() {
  return *pool_list_here();
}

// What the handler may touch: descriptors to be written to.
constexpr std::size_t most_bells = 64;
std::atomic<int> bells[most_bells];

void on_ctrl_c(int) {
  if (ctrl_c.exchange(true)) ::_exit(130);  // pressed twice: at once
  bool heard = false;
  for (const auto& each : bells) {
    const int fd = each.load(std::memory_order_relaxed);
    if (fd <= 0) continue;
    const std::uint64_t one = 1;
    heard = ::write(fd, &one, sizeof one) == sizeof one || heard;
  }
  if (heard) return;
  // No pool is there to end it: as if there were no handler.
  ::signal(SIGINT, SIG_DFL);
  ::raise(SIGINT);
}

// In a child that was forked: the pools, and the descriptors to wake them, are the parent's.
void leave_parents_pools() {
  pool_list_here() = new pool_list;
  for (auto& each : bells)
    each.store(0);
  begin_anew();
}

}  // namespace

bool initialised() noexcept {
  return called_init.load();
}

void set_initialised() {
  if (called_init.exchange(true)) return;
  ::pthread_atfork(nullptr, nullptr, leave_parents_pools);
  // Each large result that is held costs a descriptor.
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
    files.rlim_cur = std::min<rlim_t>(files.rlim_max, 1 << 20);
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  struct sigaction before {};
  if (::sigaction(SIGINT, nullptr, &before) == 0 && before.sa_handler == SIG_DFL) {
    struct sigaction ours {};
    ours.sa_handler = on_ctrl_c;
    ::sigaction(SIGINT, &ours, nullptr);
  }
}

void register_pool(const std::shared_ptr<pool>& made) {
  pools().push_back(made);
  for (auto& each : bells) {
    int free = 0;
    if (each.compare_exchange_strong(free, made->bell())) break;
  }
}

void unregister_pool(const pool* gone) {
  std::erase_if(pools(), [gone](const auto& each) {
    const auto alive = each.lock();
    return !alive || alive.get() == gone;
  });
  for (auto& each : bells) {
    int mine = gone->bell();
    each.compare_exchange_strong(mine, 0);
  }
}

void wake_waiting_for_inputs(const pool* but) {
  for (const auto& each : pools()) {
    const auto alive = each.lock();
    if (alive && alive.get() != but && alive->has_waiting_inputs()) alive->wake();
  }
}

bool interrupted() noexcept {
  return ctrl_c.load(std::memory_order_relaxed);
}

void end_by_interrupt(std::unique_lock<std::mutex>&) {
  const auto all = pools();
  for (const auto& each : all)
    if (const auto alive = each.lock()) alive->interrupt();
  ::signal(SIGINT, SIG_DFL);
  ::kill(::getpid(), SIGINT);
  for (;;)
    ::pause();
}

}  // namespace clusterless::client
