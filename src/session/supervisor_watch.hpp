// SPDX-License-Identifier: MIT
// Ties a worker to its supervisor: however that ends, the worker and what it has started end too,
// even those that were stopped. It leaves the directories to session/directories.
#pragma once

#include <sys/types.h>

namespace clusterless::session {

/// From now on the death of `its_pid` ends this process and its process group; at once when it is
/// not the parent. What items do with the standard signals does not matter.
void watch_supervisor(pid_t its_pid);
/// Undoes what an item has done to the signals of its thread, so that a worker without work hears
/// of the end. Five system calls.
void keep_watch();

}  // namespace clusterless::session
