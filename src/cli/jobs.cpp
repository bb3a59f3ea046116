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

}  // namespace

int run_command(const jobs_request& what, const common_options& how, const console& on) {
  const auto in = open_store(how.store);
  const auto names = store::list_jobs(*in);
  if (what.names && what.state.empty()) {
    if (on.json_wanted()) on.print_json(json(names));
    for (std::size_t i = 0; i < names.size() && !on.json_wanted(); ++i)
      on.print(names[i] + '\n');
    return exit_good;
  }
  json all = json::array();
  table rows({"JOB", "STATE", "DONE", "FAILED", "AGE", "FUNCTION", "POOL"});
  std::vector<std::string> chosen;
  for (const std::string& name : names) {
    job_look job;
    try {
      job = look_at(in, name);
    } catch (const error& caught) {
      if (caught.kind() != error_kind::misuse) throw;
      continue;  // destroyed while this looked
    }
    if (!what.state.empty() && what.state != to_string(job.state)) continue;
    chosen.push_back(name);
    all.push_back(what.names ? json(name) : summary(job));
    rows.add(row_of(job));
  }
  if (on.json_wanted()) {
    on.print_json(what.names ? all : json{{"store", store_path(how.store)}, {"jobs", all}});
  } else if (what.names) {
    for (const std::string& name : chosen)
      on.print(name + '\n');
  } else if (chosen.empty()) {
    on.say("No jobs in " + in->place());
  } else {
    on.print(rows.text(on, {2, 3, 4}));
  }
  return exit_good;
}

}  // namespace clusterless::cli
