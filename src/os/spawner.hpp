// SPDX-License-Identifier: MIT
// Starts processes from a thread of its own. The kernel tells children of the death of the thread
// that started them, not of the process: that thread must be one that stays.
#pragma once

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

#include "os/process.hpp"

namespace clusterless::os {

class spawner {
 public:
  spawner() = default;
  ~spawner();
  spawner(const spawner&) = delete;
  spawner& operator=(const spawner&) = delete;

  /// As child_process::start(). One caller at a time.
  child_process start(const start_request& request);

 private:
  void serve();

  std::mutex mutex_;
  std::condition_variable changed_;
  const start_request* wanted_ = nullptr;
  child_process made_;
  std::exception_ptr failed_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace clusterless::os
