// SPDX-License-Identifier: MIT
// clusterless destroy JOB…
#include <unistd.h>

#include <algorithm>
#include <clusterless/error.hpp>

#include "cli/commands.hpp"
#include "cli/job_look.hpp"
#include "cli/parse.hpp"

namespace clusterless::cli {

namespace {

std::string question_for(const std::vector<std::string>& jobs) {
  std::string list;
  for (const std::string& name : jobs)
    list += (list.empty() ? "" : ", ") + name;
  return "Remove " + list + (jobs.size() == 1 ? " with all its data?" : " with all their data?");
}

/// Half-made and half-removed jobs can be removed although they cannot be looked at.
bool can_be_looked_at(const store::object_store& in, const std::string& name) {
  const auto names = store::list_jobs(in);
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

int run_command(const destroy_request& what, const common_options& how, const console& on) {
  const auto in = open_store(how.store);
  // All names are looked at before anything is removed: one that is misspelt removes nothing.
  for (const std::string& name : what.jobs) {
    store::check_job_name(name);
    if (!can_be_looked_at(*in, name) && in->list("jobs/" + name).empty()) look_at(in, name);
  }
  if (!what.yes && ::isatty(0) == 1 && !on.confirm(question_for(what.jobs))) {
    on.complain("clusterless: nothing was removed");
    return exit_failed;
  }
  json results = json::array();
  bool all_gone = true;
  for (const std::string& name : what.jobs) {
    std::vector<std::string> left;
    try {
      for (const store::failure& each : store::destroy_job(*in, name, what.force))
        left.push_back(in->place(each.key) + ": " + each.reason);
    } catch (const error& caught) {
      left.push_back(caught.what() +
                     std::string(caught.kind() == error_kind::busy ? "; or give --force" : ""));
    }
    all_gone = all_gone && left.empty();
    for (const std::string& each : left)
      on.complain("clusterless: " + name + " is not wholly removed: " + each);
    if (left.empty() && !on.json_wanted()) on.say("Removed " + name);
    results.push_back(json{{"name", name}, {"removed", left.empty()}, {"left", left}});
  }
  if (on.json_wanted()) on.print_json(json{{"jobs", results}});
  return all_gone ? exit_good : exit_failed;
}

}  // namespace clusterless::cli
