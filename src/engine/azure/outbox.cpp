// SPDX-License-Identifier: MIT
#include "engine/azure/outbox.hpp"

namespace clusterless::engine {

void outbox::put(telling what) {
  bool first = false;
  {
    const std::lock_guard held(mutex_);
    first = waiting_.empty();
    waiting_.push_back(std::move(what));
  }
  if (first) ring();
}

std::vector<outbox::telling> outbox::take() {
  const std::lock_guard held(mutex_);
  return std::exchange(waiting_, {});
}

bool outbox::empty() const {
  const std::lock_guard held(mutex_);
  return waiting_.empty();
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
