// SPDX-License-Identifier: MIT
// How a thread waits awake for an answer of another that is about to come: it looks again and again
// and gives way now and then. When the other turns out to need the same core it gives way at once,
// since looking only keeps the answer from coming. What to look at, and when to sleep, is the
// caller's to say.
#pragma once

#include <sched.h>

#include <algorithm>

namespace clusterless::os {

/// Moves the calling thread to another core, if it may run on one. Where it may run stays as it
/// was.
inline void leave_core() noexcept {
  cpu_set_t allowed;
  const int here = ::sched_getcpu();
  if (here < 0 || here >= CPU_SETSIZE || ::sched_getaffinity(0, sizeof allowed, &allowed) != 0)
    return;
  cpu_set_t others = allowed;
  CPU_CLR(static_cast<std::size_t>(here), &others);
  if (CPU_COUNT(&others) == 0 || ::sched_setaffinity(0, sizeof others, &others) != 0) return;
  ::sched_setaffinity(0, sizeof allowed, &allowed);
}

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
  /// Call it before a wait. Two that give way to each other are never idle, so the kernel leaves
  /// them on one core for long; here one goes, and seldom again if that was of no use.
  void part() noexcept {
    if (shared_ < patience_) return;
    shared_ = 0;
    patience_ = std::min(4 * patience_, 1u << 20);
    leave_core();
  }

 private:
  static constexpr unsigned looks_before_yield = 256;
  unsigned looks_ = 0;
  unsigned yields_ = 0;
  unsigned shared_ = 0;     // answers in a row that came on the same core
  unsigned patience_ = 16;  // how many of them are borne
  bool same_core_ = false;
};

}  // namespace clusterless::os
