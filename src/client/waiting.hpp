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
/// Notified when what one of the waiters waits for has come true.
std::condition_variable& changed();
/// What sleeping threads wait for; looked at after each batch of events, with the lock held.
std::vector<const std::function<bool()>*>& waiters();
/// Wakes the sleepers if one of them has what it waits for.
void wake_waiters();

}  // namespace clusterless::client
