// SPDX-License-Identifier: MIT
// What the command-line tool has a user's program do instead of its main: finish a recorded job,
// replay one of its items, or tell what it is. Told by environment variables, so that the program's
// arguments stay its own. Exit codes: 0 good, 1 items failed or it could not be done, 2 wrong use.
#pragma once

namespace clusterless::client {

inline constexpr const char* role_variable = "CLUSTERLESS_ROLE";
inline constexpr const char* job_variable = "CLUSTERLESS_JOB";
inline constexpr const char* item_variable = "CLUSTERLESS_ITEM";
/// Path of a file that a replayed item's outcome is written to, as a pack of one.
inline constexpr const char* outcome_variable = "CLUSTERLESS_OUTCOME";

/// Values of role_variable.
inline constexpr const char* finish_role = "finish";  ///< run what is missing
inline constexpr const char* retry_role = "retry";    ///< run what is missing or has failed
inline constexpr const char* replay_role = "replay";  ///< run the item here, in this process
inline constexpr const char* probe_role = "probe";    ///< print version and build as a line of JSON

/// Called in a replay right before the item runs: a place for a debugger to stop at.
inline constexpr const char* replay_marker = "clusterless_replay_begins";

/// Plays the role this process was started for and ends it; returns at once when there is none.
void play_role();

}  // namespace clusterless::client
