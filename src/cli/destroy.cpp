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
std::shared_ptr<store::object_store> store_that_has(const std::vector<client::named_store>& all,
                                                    const std::string& name) {
  store::check_job_name(name);
  const bool whole = std::any_of(
      all.begin(), all.end(), [&name](const auto& each) { return store::has_job(*each.in, name); });
  if (!whole)
    for (const auto& each : all)
      if (!each.in->list("jobs/" + name).empty()) return each.in;
  if (!whole) look_at(all.front().in, name);
  return client::store_of_job(all, name).in;
}

}  // namespace

int run_command(const destroy_request& what, const common_options& how, const console& on) {
  const auto stores = client::stores_to_look_in(how.store);
  // All names are looked at before anything is removed: one that is misspelt removes nothing.
  std::vector<std::shared_ptr<store::object_store>> in;
  for (const std::string& name : what.jobs)
    in.push_back(store_that_has(stores, name));
  if (!what.yes && ::isatty(0) == 1 && !on.confirm(question_for(what.jobs))) {
    on.complain("clusterless: nothing was removed");
    return exit_failed;
  }
  json results = json::array();
  bool all_gone = true;
  for (std::size_t i = 0; i < what.jobs.size(); ++i) {
    const std::string& name = what.jobs[i];
    std::vector<std::string> left;
    try {
      for (const store::failure& each : client::destroy_left_job(in[i], name, what.force))
        left.push_back(each.key + ": " + each.reason);
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
