// SPDX-License-Identifier: MIT
// What the command-line tool has a user's program do instead of its main: finish a recorded job, or
// replay one of its items. Told by environment variables, so that the program's arguments stay its
// own.
#pragma once

namespace clusterless::client {

inline constexpr const char* role_variable = "CLUSTERLESS_ROLE";
inline constexpr const char* job_variable = "CLUSTERLESS_JOB";
inline constexpr const char* item_variable = "CLUSTERLESS_ITEM";

/// Plays the role this process was started for and ends it; returns at once when there is none.
void play_role();

}  // namespace clusterless::client
