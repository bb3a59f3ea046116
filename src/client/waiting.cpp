// SPDX-License-Identifier: MIT
#include "client/waiting.hpp"

#include <algorithm>

namespace clusterless::client {

namespace {

struct shared_state {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<const std::function<bool()>*> waiters;
  unsigned generation = 0;
};

shared_state*& shared() {
  static auto* only = new shared_state;
  return only;
}

thread_local bool reads_range = false;

}  // namespace

std::mutex& shared_mutex() {
  return shared()->mutex;
}

unsigned process_generation() noexcept {
  return shared()->generation;
}

// What the parent's other threads held or waited for at that moment stays so for ever.
void begin_anew() {
  auto* fresh = new shared_state;
  fresh->generation = shared()->generation + 1;
  shared() = fresh;
}

reading_range::reading_range() noexcept {
  reads_range = true;
}
reading_range::~reading_range() {
  reads_range = false;
}
bool reading_range::now() noexcept {
  return reads_range;
}

std::condition_variable& changed() {
  return shared()->changed;
}

std::vector<const std::function<bool()>*>& waiters() {
  return shared()->waiters;
}

void wake_waiters() {
  const auto& all = waiters();
  if (std::any_of(all.begin(), all.end(), [](const auto* done) { return (*done)(); }))
    changed().notify_all();
}

}  // namespace clusterless::client
