// SPDX-License-Identifier: MIT
// The program that made a job, as it is on disk now, and how to start it again in a role. Only the
// very same build can run a job's items: functions are known by where they lie in it.
#pragma once

#include <string>

#include "os/foreground.hpp"
#include "store/manifest.hpp"

namespace clusterless::cli {

struct program_check {
  enum class verdict { same, changed, gone };
  verdict is = verdict::gone;
  std::string build = {};    ///< on disk now; empty when gone
  std::string problem = {};  ///< why it cannot be used, and what to do; empty when it can
};
program_check check_program(const store::manifest& about);
const char* to_string(program_check::verdict is);

/// The command that starts the program of a job as it was started, in `role`, with the store at
/// `store`. Throws `error` (misuse) when the program on disk is not the build that made the job.
os::command_line start_again(const store::manifest& about, const std::string& role,
                             const std::string& store);

}  // namespace clusterless::cli
