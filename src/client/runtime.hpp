// SPDX-License-Identifier: MIT
// What is one per process: whether init() was called, the pools there are, and Ctrl-C.
#pragma once

#include <memory>
#include <mutex>

namespace clusterless::client {

class pool;

bool initialised() noexcept;
void set_initialised();

void register_pool(const std::shared_ptr<pool>& made);
void unregister_pool(const pool* gone);
/// Wakes pools other than `but` whose jobs wait for results of other jobs.
void wake_waiting_for_inputs(const pool* but);

/// True once Ctrl-C was pressed and the program has no handler of its own.
bool interrupted() noexcept;
/// Ends all pools, says how to go on, and lets Ctrl-C end the program. Does not return.
[[noreturn]] void end_by_interrupt(std::unique_lock<std::mutex>& held);

}  // namespace clusterless::client
