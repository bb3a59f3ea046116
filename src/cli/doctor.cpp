// SPDX-License-Identifier: MIT
// clusterless doctor [PROGRAM]
#include "cli/doctor.hpp"

#include <algorithm>

#include "cli/commands.hpp"
#include "cli/job_look.hpp"
#include "cli/parse.hpp"

namespace clusterless::cli {

namespace {

colour colour_of(verdict is) {
  return is == verdict::good      ? colour::green
         : is == verdict::warning ? colour::yellow
                                  : colour::red;
}

void print(const findings& all, const console& on) {
  std::string section;
  for (const finding& each : all) {
    if (each.section != section) {
      section = each.section;
      on.print(on.paint(colour::bold, section) + '\n');
    }
    const std::string mark = to_string(each.is);
    on.print("  " + on.paint(colour_of(each.is), mark) + std::string(6 - mark.size(), ' ') +
             each.name + ": " + on_one_line(each.text) + '\n');
    if (!each.advice.empty()) on.print("        " + on_one_line(each.advice) + '\n');
  }
}

std::size_t count(const findings& all, verdict is) {
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [is](const finding& each) { return each.is == is; }));
}

}  // namespace

const char* to_string(verdict is) {
  switch (is) {
    case verdict::good:
      return "ok";
    case verdict::warning:
      return "warn";
    case verdict::failure:
      return "FAIL";
  }
  return "?";
}

int run_command(const doctor_request& what, const common_options& how, const console& on) {
  findings parameters;
  std::optional<config::configuration> settings = examine_parameters(parameters);
  // Of this machine's processes: those of a cloud are elsewhere.
  const bool here = settings && settings->values.engine == "local";
  const int workers =
      here ? settings->values.pools * settings->values.nodes * settings->values.procs_per_node : 0;
  findings all;
  if (!what.program.empty()) examine_program(what.program, all);
  examine_machine(workers, all);
  if (const std::string path = store_path(how.store); !path.starts_with("azure:"))
    examine_store(path, all);
  all.insert(all.end(), parameters.begin(), parameters.end());
  if (settings) examine_accounts(std::move(*settings), what.price_per_hour, all);
  const std::size_t failures = count(all, verdict::failure);
  const std::size_t warnings = count(all, verdict::warning);
  if (on.json_wanted()) {
    json list = json::array();
    for (const finding& each : all)
      list.push_back(json{{"section", each.section},
                          {"name", each.name},
                          {"verdict", each.is == verdict::failure ? "fail" : to_string(each.is)},
                          {"text", each.text},
                          {"advice", each.advice}});
    on.print_json(json{{"findings", list}, {"failures", failures}, {"warnings", warnings}});
  } else {
    print(all, on);
    if (failures + warnings == 0)
      on.print("All good.\n");
    else
      on.print(std::to_string(failures) + " will not work, " + std::to_string(warnings) +
               " to know of.\n");
  }
  return failures == 0 ? exit_good : exit_failed;
}

}  // namespace clusterless::cli
