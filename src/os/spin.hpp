// SPDX-License-Identifier: MIT
// How a thread waits awake for an answer of another that is about to come: it looks again and again
// and gives way now and then. When the other turns out to need the same core it gives way at once,
// since looking only keeps the answer from coming. What to look at, and when to sleep, is the
// caller's to say.
#pragma once

#include <sched.h>

namespace clusterless::os {

class spin {
 public:
  void begin() noexcept {
    looks_ = 0;
    yields_ = 0;
  }
  /// Call it after each look in vain; true when it gave way, which is the time to look at the
  /// clock.
  bool again() noexcept {
    if (++looks_ < (same_core_ ? 1u : looks_before_yield)) return false;
    looks_ = 0;
    ++yields_;
    ::sched_yield();
    return true;
  }
  /// Call it when the answer is there.
  void answered() noexcept {
    // It came while this thread gave way for the first time. On a core of its own the other would
    // have been seen at work.
    same_core_ = yields_ == 1 && looks_ == 0;
    shared_ = same_core_ ? shared_ + 1 : 0;
  }
  /// True now and then while both share a core: it is time to sleep. Two that give way to each
  /// other are never idle, so the kernel leaves them where they are for long; who is woken gets a
  /// core of its own if one is free.
  bool should_sleep() noexcept {
    if (shared_ < answers_before_sleep) return false;
    shared_ = 0;
    return true;
  }

 private:
  static constexpr unsigned looks_before_yield = 256;
  static constexpr unsigned answers_before_sleep = 16;
  unsigned looks_ = 0;
  unsigned yields_ = 0;
  unsigned shared_ = 0;  // answers in a row that came on the same core
  bool same_core_ = false;
};

}  // namespace clusterless::os
