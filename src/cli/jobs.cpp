// SPDX-License-Identifier: MIT
// clusterless jobs
#include <clusterless/error.hpp>

#include "cli/commands.hpp"
#include "cli/job_look.hpp"
#include "cli/parse.hpp"

namespace clusterless::cli {

namespace {

std::string done_of_total(const store::job_counts& counts) {
  return std::to_string(counts.done) + "/" +
         (counts.total ? std::to_string(*counts.total) : std::string("?"));
}

std::vector<table::cell> row_of(const job_look& job) {
  const colour in = colour_of(job.state);
  if (!job.record) return {{job.name, colour::plain}, {to_string(job.state), in}};
  const store::manifest& about = job.record->about();
  return {{job.name, colour::plain},
          {to_string(job.state), in},
          {done_of_total(job.counts), colour::plain},
          {std::to_string(job.counts.failed), job.counts.failed != 0 ? colour::red : colour::dim},
          {age(about.created_ms), colour::plain},
          {on_one_line(about.function.label), colour::plain},
          {in_words(about.pool), colour::dim}};
}

/// Jobs of all stores; those that cannot be asked are complained about.
struct listing {
  struct entry {
    const client::named_store* in = nullptr;
    std::string name = {};
  };
  std::vector<entry> jobs = {};
  bool whole = true;
};

listing list_all(const std::vector<client::named_store>& stores, const console& on) {
  listing all;
  for (const auto& each : stores) {
    try {
      for (std::string& name : store::list_jobs(*each.in))
        all.jobs.push_back({&each, std::move(name)});
    } catch (const error& caught) {
      if (stores.size() == 1) throw;
      on.complain("clusterless: " + std::string(caught.what()));
      all.whole = false;
    }
  }
  return all;
}

std::string places_of(const std::vector<client::named_store>& stores) {
  std::string text;
  for (const auto& each : stores)
    text += (text.empty() ? "" : " or ") + each.in->place();
  return text;
}

}  // namespace

int run_command(const jobs_request& what, const common_options& how, const console& on) {
  const auto stores = client::stores_to_look_in(how.store);
  const auto listed = list_all(stores, on);
  const int code = listed.whole ? exit_good : exit_failed;
  const bool several = stores.size() > 1;
  json all = json::array();
  std::vector<std::string> heads{"JOB", "STATE", "DONE", "FAILED", "AGE", "FUNCTION", "POOL"};
  if (several) heads.push_back("STORE");
  table rows(heads);
  std::vector<std::string> chosen;
  for (const auto& [in, name] : listed.jobs) {
    if (what.names && what.state.empty()) {
      chosen.push_back(name);
      all.push_back(name);
      continue;
    }
    job_look job;
    try {
      job = look_at(in->in, name);
    } catch (const error& caught) {
      if (caught.kind() != error_kind::misuse) throw;
      continue;  // destroyed while this looked
    }
    if (!what.state.empty() && what.state != to_string(job.state)) continue;
    chosen.push_back(name);
    json facts = what.names ? json(name) : summary(job);
    if (several && !what.names) facts["store"] = in->name;
    all.push_back(std::move(facts));
    auto row = row_of(job);
    if (several && job.record) row.push_back({in->name, colour::dim});
    rows.add(std::move(row));
  }
  if (on.json_wanted()) {
    json names = json::array();
    for (const auto& each : stores)
      names.push_back(each.name);
    json told{{"store", names.front()}, {"jobs", all}};
    if (several) told["stores"] = names;
    on.print_json(what.names ? all : told);
  } else if (what.names) {
    for (const std::string& name : chosen)
      on.print(name + '\n');
  } else if (chosen.empty()) {
    on.say("No jobs in " + places_of(stores));
  } else {
    on.print(rows.text(on, {2, 3, 4}));
  }
  return code;
}

}  // namespace clusterless::cli
