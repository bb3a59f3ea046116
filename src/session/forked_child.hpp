// SPDX-License-Identifier: MIT
// Processes that an item forks: they hold the worker's end of its channel, and must not use it.
// Tells them from the worker and ends them where they would act in its place.
#pragma once

namespace clusterless::session {

/// Called once in a worker, before its first item.
void watch_for_forked_children();
/// True in a process that was forked after watch_for_forked_children().
bool in_forked_child() noexcept;
/// Throws `error` (misuse) in a forked child.
void refuse_in_forked_child();
/// Ends a child that came back from the item's function, without flushing what it inherited.
[[noreturn]] void end_forked_child();

}  // namespace clusterless::session
