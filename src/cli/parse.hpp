// SPDX-License-Identifier: MIT
// The command line read: the only place that knows the library which does it. Prints nothing; what
// there is to say comes back as text.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/requests.hpp"

namespace clusterless::cli {

/// Exit codes of every command.
inline constexpr int exit_good = 0;
inline constexpr int exit_failed = 1;  ///< what was asked for could not be done, or items failed
inline constexpr int exit_misuse = 2;  ///< the command line, or what it names, is wrong

struct parsed {
  std::optional<request> what = {};  ///< empty: say `text` and end with `exit_code`
  std::string text = {};
  int exit_code = exit_good;
};
parsed parse(int argc, const char* const* argv);

struct option_words {
  std::vector<std::string> names = {};  ///< "--json", "-q"
  std::string value = {};               ///< what follows, "DIR"; empty: nothing
  std::string help = {};
};
struct command_words {
  std::string name = {};
  std::string help = {};
  std::vector<option_words> options = {};
  std::vector<std::string> operands = {};  ///< "JOB", "ITEM"
};
/// All commands and their options, for completion scripts and for checking the manual.
std::vector<command_words> all_commands();

}  // namespace clusterless::cli
