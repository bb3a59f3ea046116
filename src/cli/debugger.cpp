// SPDX-License-Identifier: MIT
#include "cli/debugger.hpp"

#include <unistd.h>

#include <clusterless/error.hpp>
#include <cstdlib>
#include <string_view>

#include "client/roles.hpp"

namespace clusterless::cli {

bool is_in_path(const std::string& name) {
  const char* variable = std::getenv("PATH");
  std::string_view path = variable != nullptr ? variable : "";
  while (!path.empty()) {
    const std::size_t end = std::min(path.find(':'), path.size());
    const std::string file = std::string(path.substr(0, end)) + '/' + name;
    if (::access(file.c_str(), X_OK) == 0) return true;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return false;
}

std::string breakpoint_for(const std::string& label) {
  const bool has_name = !label.empty() && label.find("lambda") == std::string::npos &&
                        label.find('{') == std::string::npos &&
                        label.find("+0x") == std::string::npos;
  return has_name ? label : std::string();
}

os::command_line under_gdb(os::command_line command, const store::function_record& function,
                           bool batch) {
  if (!is_in_path("gdb"))
    throw error(error_kind::misuse,
                "gdb is not installed here (Debian: apt-get install gdb); without it, `clusterless "
                "replay` still runs the item and tells how it ends");
  std::vector<std::string> arguments = {"gdb",  "-q",
                                        "-iex", "set breakpoint pending on",
                                        "-iex", "set startup-with-shell off",
                                        "-iex", "set debuginfod enabled off"};
  const auto run = [&arguments](const std::string& what) {
    arguments.push_back("-ex");
    arguments.push_back(what);
  };
  if (batch) {
    arguments.push_back("-batch");
    run("run");
    run("backtrace");
  } else {
    // A function without a name of its own is reached from the marker by a few steps.
    const std::string named = function.target ? breakpoint_for(function.label) : std::string();
    run("break " + (named.empty() ? std::string(client::replay_marker) : named));
    run("run");
  }
  arguments.push_back("--args");
  arguments.push_back(command.file);
  for (std::size_t i = 1; i < command.arguments.size(); ++i)
    arguments.push_back(command.arguments[i]);
  command.file = "gdb";
  command.arguments = std::move(arguments);
  return command;
}

}  // namespace clusterless::cli
