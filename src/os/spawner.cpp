// SPDX-License-Identifier: MIT
#include "os/spawner.hpp"

#include <signal.h>

#include <utility>

namespace clusterless::os {

spawner::~spawner() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

child_process spawner::start(const start_request& request) {
  std::unique_lock lock(mutex_);
  if (!thread_.joinable()) thread_ = std::thread([this] { serve(); });
  wanted_ = &request;
  changed_.notify_all();
  changed_.wait(lock, [this] { return wanted_ == nullptr; });
  if (failed_) std::rethrow_exception(std::exchange(failed_, nullptr));
  return std::move(made_);
}

void spawner::serve() {
  // Signals are for the threads of the program.
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stop_ || wanted_ != nullptr; });
    if (stop_) return;
    try {
      made_ = child_process::start(*wanted_);
    } catch (...) {
      failed_ = std::current_exception();
    }
    wanted_ = nullptr;
    changed_.notify_all();
  }
}

}  // namespace clusterless::os
