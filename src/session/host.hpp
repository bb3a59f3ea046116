// SPDX-License-Identifier: MIT
// What all sessions supervised by one process share: the bell their processes ring, the descriptors
// watched, the clock, and the count of out-of-memory kills that are explained. One thread at a
// time.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "core/job_book.hpp"
#include "os/bell.hpp"
#include "os/death.hpp"
#include "os/poller.hpp"
#include "os/spawner.hpp"

namespace clusterless::session {

/// What a descriptor or bell number belongs to.
class watched {
 public:
  virtual ~watched() = default;
  virtual void told() {}
  virtual void readable() {}
  virtual void ended() {}
};

class host {
 public:
  host();

  os::bell& bell() noexcept { return bell_; }
  os::spawner& spawner() noexcept { return spawner_; }
  core::nanoseconds now() const;
  std::uint64_t next_key() noexcept { return ++last_key_; }

  void watch_bell(int number, watched* who);
  void watch_output(int fd, watched* who);
  void watch_end(int pidfd, watched* who);
  /// Nothing more is wanted of `fd`.
  void unwatch(int fd) { poller_.remove(fd); }
  /// Stops all watches of `who`; its descriptors are given as they were watched.
  void forget(watched* who, int number, int output_fd, int pidfd);

  /// Deals with messages that are there; false when there were none. Costs no system call.
  bool poll_messages();
  /// Deals with descriptors that are ready.
  void poll_descriptors() { wait_descriptors(0); }
  /// Sleeps until something happens, at most until `deadline` (negative: no limit). `unlocked` is
  /// called around the sleep with true before and false after it.
  template <class Around>
  void sleep(core::nanoseconds deadline, Around&& around) {
    const bool doze = somebody_is_back_soon();
    if (!bell_.fall_asleep(doze)) return;
    const int timeout = timeout_ms(deadline);
    around(true);
    const std::size_t n =
        doze ? wait_while_attended(deadline) : poller_.wait(tokens_, max_tokens, timeout);
    around(false);
    bell_.awake();
    dispatch(n);
  }
  /// A thread begins or ends to call poll_messages() in a loop: meanwhile sleep() is not woken by
  /// messages.
  void attend(bool begin) noexcept;
  /// It ends, and is likely to begin again before `back_by`: sleep() looks for messages then.
  void leave(core::nanoseconds back_by) noexcept;
  bool somebody_is_back_soon() const noexcept;
  int bell_fd() const noexcept { return bell_.event_fd(); }
  /// Wakes a thread in sleep().
  void wake() noexcept { bell_.ring(); }

  /// Out-of-memory kills since the last call that no death has explained yet.
  std::uint64_t unexplained_oom_kills();
  void explain_oom_kill() noexcept { ++explained_; }

 private:
  static constexpr std::size_t max_tokens = 64;
  enum kind : std::uint64_t { output = 0, end = 1, wake_up = 2 };
  int timeout_ms(core::nanoseconds deadline) const;
  void wait_descriptors(int timeout);
  std::size_t wait_while_attended(core::nanoseconds deadline);
  void dispatch(std::size_t tokens);
  std::uint64_t id_of(watched* who);

  os::bell bell_;
  os::spawner spawner_;
  os::poller poller_;
  std::uint64_t tokens_[max_tokens];
  std::vector<watched*> by_number_;
  std::unordered_map<std::uint64_t, watched*> by_id_;
  std::unordered_map<watched*, std::uint64_t> ids_;
  std::uint64_t last_id_ = 0;
  std::uint64_t last_key_ = 0;
  std::atomic<core::nanoseconds> back_by_{0};  ///< the sleeper looks at it without the lock
  os::oom_counter oom_;
  std::uint64_t oom_at_start_ = 0;
  std::uint64_t explained_ = 0;
};

}  // namespace clusterless::session
