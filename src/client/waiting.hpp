// SPDX-License-Identifier: MIT
// What threads of one process share that wait for jobs: the lock that guards all pools, and who
// waits for what. All of it outlives the static destructors of the user's program.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <vector>

namespace clusterless::client {

/// Guards all pools and jobs of the process, so that jobs may refer to jobs of other pools.
std::mutex& shared_mutex();
/// Changes when the process forks: what is shared here is anew in the child, and pools belong to
/// the process that made them.
unsigned process_generation() noexcept;
/// Called in the child of a fork.
void begin_anew();
/// While one exists, the thread holds the lock and runs code of the user's input range.
class reading_range {
 public:
  reading_range() noexcept;
  ~reading_range();
  reading_range(const reading_range&) = delete;
  reading_range& operator=(const reading_range&) = delete;
  static bool now() noexcept;
};
/// Notified when what one of the waiters waits for has come true.
std::condition_variable& changed();
/// What sleeping threads wait for; looked at after each batch of events, with the lock held.
std::vector<const std::function<bool()>*>& waiters();
/// Wakes the sleepers if one of them has what it waits for.
void wake_waiters();

}  // namespace clusterless::client
