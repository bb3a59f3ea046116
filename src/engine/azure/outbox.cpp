// SPDX-License-Identifier: MIT
#include "engine/azure/outbox.hpp"

#include <algorithm>
#include <iterator>

namespace clusterless::engine {

void outbox::put(telling what) {
  std::vector<telling> one;
  one.push_back(std::move(what));
  put(std::move(one));
}

void outbox::put(std::vector<telling> what, std::optional<std::uint64_t> over) {
  if (what.empty()) return;
  bool first = false;
  {
    const std::lock_guard held(mutex_);
    first = waiting_.told.empty();
    std::move(what.begin(), what.end(), std::back_inserter(waiting_.told));
    if (over) waiting_.over.push_back(*over);
  }
  if (first) ring();
}

outbox::content outbox::take() {
  const std::lock_guard held(mutex_);
  return std::exchange(waiting_, {});
}

bool outbox::empty() const {
  const std::lock_guard held(mutex_);
  return waiting_.told.empty();
}

void outbox::leave(std::string what) {
  const std::lock_guard held(mutex_);
  left_.push_back(std::move(what));
}

std::vector<std::string> outbox::left() {
  const std::lock_guard held(mutex_);
  return std::exchange(left_, {});
}

void inbox::put(work what) {
  const std::lock_guard held(mutex_);
  waiting_.push_back(std::move(what));
}

std::vector<inbox::work> inbox::take() {
  const std::lock_guard held(mutex_);
  return std::exchange(waiting_, {});
}

}  // namespace clusterless::engine
