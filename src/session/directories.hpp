// SPDX-License-Identifier: MIT
// Directories that a process makes for its own use: the scratch of an item, the files it received.
// Those of a worker lie where its supervisor finds them, so that they go however the worker ends.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace clusterless::session {

/// A new directory of this process alone; its name begins with `kind`. Throws `error`.
std::string make_directory(const std::string& kind);
/// In a worker, before it runs anything: later changes of TMPDIR must not move its directories.
void settle_directories(pid_t supervisor);
/// In the supervisor: removes what a process that is gone has left.
void remove_directories_of(pid_t process);
/// Removes what programs of this user have left that were killed together with all their workers,
/// and tells what that was. Directories of whoever lives are locked, which holds across containers.
std::vector<std::string> remove_left_directories();
/// In a worker whose supervisor is gone: kills the worker's process group, this process included,
/// and has another process remove what the worker and the supervisor have left. For signal
/// handlers.
void end_group_without_supervisor() noexcept;

}  // namespace clusterless::session
