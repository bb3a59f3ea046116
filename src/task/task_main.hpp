// SPDX-License-Identifier: MIT
// What a program does that was started as a task of a batch service: reads the plan beside it, runs
// the items over the processes of the task's nodes, and writes everything they tell into the log.
// It speaks to no service: what is beside it was brought, and what it leaves is fetched.
#pragma once

#include <string>

namespace clusterless::task {

/// Set for a program that is to be a task: the folder with its files. The hosts of the task are
/// those of session::task_hosts(), or else this one alone.
inline constexpr const char* task_variable = "CLUSTERLESS_TASK";

/// The plan as plan_text(), where it is not a file in the folder: small ones travel with the
/// command.
inline constexpr const char* plan_variable = "CLUSTERLESS_TASK_PLAN";
/// Path of the link file, where it is not in the folder.
inline constexpr const char* link_variable = "CLUSTERLESS_TASK_LINK";

// In the folder.
inline constexpr const char* plan_name = "plan";
inline constexpr const char* log_name = "log";
inline constexpr const char* link_name = "link";            ///< the link file, with several hosts
inline constexpr const char* broadcast_name = "broadcast";  ///< a folder: see broadcast_file_name()

/// Exit codes of a task.
inline constexpr int all_told = 0;    ///< the log tells of every item, failed ones included
inline constexpr int could_not = 1;   ///< the log (or standard error) tells why
inline constexpr int was_told = 143;  ///< SIGTERM came: what is in the log counts

/// Runs the task; returns its exit code. What items print goes to standard output as well.
int task_main(const std::string& folder);

}  // namespace clusterless::task
