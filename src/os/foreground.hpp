// SPDX-License-Identifier: MIT
// Other programs for people: one that takes over the terminal until it ends, and one that is asked
// a question and has to answer in time. For the command-line tool; workers are os/process.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace clusterless::os {

struct command_line {
  std::string file = {};                    ///< searched for in PATH when it has no '/'
  std::vector<std::string> arguments = {};  ///< the first is the name it is told
  std::string directory = {};               ///< working directory; empty: ours
  std::vector<std::pair<std::string, std::string>> environment = {};  ///< set besides ours
  bool output_to_error = false;  ///< what it prints goes to our standard error
};

/// How a program ended: by a signal when `signal` is not 0.
struct program_end {
  int exit_code = 0;
  int signal = 0;
};

/// Runs a program on this terminal and waits for it; Ctrl-C is for it alone. Throws `error`
/// (misuse) when it cannot be started. For a process of one thread.
program_end run_in_foreground(const command_line& what);

struct answer {
  bool in_time = false;
  program_end end = {};
  std::string output = {};  ///< its standard output and error, at most 1 MiB
};
/// Runs a program without input. After `limit` it and all it started are killed. Throws `error`
/// when it cannot be started.
answer ask_program(const command_line& what, std::chrono::milliseconds limit);

}  // namespace clusterless::os
