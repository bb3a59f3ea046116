// SPDX-License-Identifier: MIT
#include "client/waiting.hpp"

#include <algorithm>

namespace clusterless::client {

std::mutex& shared_mutex() {
  static auto* only = new std::mutex;
  return *only;
}

std::condition_variable& changed() {
  static auto* only = new std::condition_variable;
  return *only;
}

std::vector<const std::function<bool()>*>& waiters() {
  static auto* only = new std::vector<const std::function<bool()>*>;
  return *only;
}

void wake_waiters() {
  const auto& all = waiters();
  if (std::any_of(all.begin(), all.end(), [](const auto* done) { return (*done)(); }))
    changed().notify_all();
}

}  // namespace clusterless::client
