// SPDX-License-Identifier: MIT
#include "cli/recorded_program.hpp"

#include <clusterless/error.hpp>
#include <cstdlib>
#include <filesystem>

#include "client/roles.hpp"
#include "os/program_file.hpp"

namespace clusterless::cli {

program_check check_program(const store::manifest& about) {
  program_check check;
  os::program_file_facts facts;
  try {
    facts = os::read_program_file(about.program);
  } catch (const error& caught) {
    check.problem = std::string(caught.what()) + "; job '" + about.name + "' needs its build " +
                    about.build + ": put it back there";
    return check;
  }
  check.build = facts.build;
  check.is =
      facts.build == about.build ? program_check::verdict::same : program_check::verdict::changed;
  if (check.is == program_check::verdict::changed)
    check.problem = about.program + " was built anew since: job '" + about.name +
                    "' was made by build " + about.build + " and on disk is build " + facts.build +
                    "; only the same build can run its items. Put that build back, or destroy the "
                    "job and submit it again";
  return check;
}

const char* to_string(program_check::verdict is) {
  switch (is) {
    case program_check::verdict::same:
      return "same";
    case program_check::verdict::changed:
      return "changed";
    case program_check::verdict::gone:
      return "gone";
  }
  return "unknown";
}

os::command_line start_again(const store::manifest& about, const std::string& role,
                             const std::string& store) {
  const program_check check = check_program(about);
  if (!check.problem.empty()) throw error(error_kind::misuse, check.problem);
  os::command_line command;
  command.file = about.program;
  command.arguments = about.arguments;
  if (command.arguments.empty()) command.arguments.push_back(about.program);
  command.directory = about.directory;
  std::error_code ignored;
  const auto here = std::filesystem::current_path();
  // On another machine the directory may not be there; the files of this environment are here.
  if (!std::filesystem::is_directory(about.directory, ignored)) command.directory = here.string();
  command.environment = {{client::role_variable, role},
                         {client::job_variable, about.name},
                         {"CLUSTERLESS_STORE", store}};
  for (const char* name : {"PARAMETERS", "CREDENTIALS"})
    if (const char* file = std::getenv(name); file != nullptr && *file != '\0')
      command.environment.emplace_back(name, std::filesystem::absolute(file).string());
  return command;
}

}  // namespace clusterless::cli
