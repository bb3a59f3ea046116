// SPDX-License-Identifier: MIT
// The hosts that a task was given, as whoever launched it tells: a batch service, or a variable of
// our own.
#pragma once

#include <string>
#include <vector>

namespace clusterless::session {

/// The task's hosts, comma-separated, the one of its supervisor first.
inline constexpr const char* task_hosts_variable = "CLUSTERLESS_TASK_HOSTS";

/// From that variable, or else from AZ_BATCH_HOST_LIST; empty when nobody told.
std::vector<std::string> task_hosts();

}  // namespace clusterless::session
