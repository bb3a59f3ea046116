// SPDX-License-Identifier: MIT
// clusterless show JOB
#include <algorithm>
#include <clusterless/detail/client.hpp>
#include <clusterless/error.hpp>
#include <limits>
#include <map>

#include "cli/commands.hpp"
#include "cli/job_look.hpp"
#include "cli/parse.hpp"
#include "cli/recorded_program.hpp"
#include "client/job_events.hpp"
#include "core/text.hpp"

namespace clusterless::cli {

namespace {

struct failed_item {
  std::uint64_t item = 0;
  error_info why = {};
};

std::vector<failed_item> failed_items(job_look& job, std::uint64_t limit) {
  std::vector<failed_item> all;
  for (const store::item_range& range : job.record->failed()) {
    for (std::uint64_t item = range.first; item < range.end(); ++item) {
      if (all.size() >= limit) return all;
      const auto entry = job.record->read_outcome(item);
      if (!entry || entry->kind != detail::entry_kind::error) continue;
      all.push_back({item, detail::decode_error(entry->body.data(), entry->body.size())});
    }
  }
  return all;
}

/// How far the items say they are, while there is somebody to say it.
std::map<std::uint64_t, client::item_progress> progress_of(const job_look& job) {
  if (job.state != job_state::running) return {};
  return client::progress_of(*job.record);
}

json options_facts(const map_options& options) {
  json env = json::object();
  for (const auto& [name, value] : options.env)
    env[name] = value;
  return json{
      {"timeout_ns", options.timeout.count()},
      {"retries",
       {{"user", options.retries.user.value_or(0)}, {"lost", options.retries.lost.value_or(0)}}},
      {"items_per_task", options.items_per_task},
      {"on_error", options.on_error == on_error::stop ? "stop" : "keep_going"},
      {"priority", options.priority},
      {"max_item_bytes", options.max_item_bytes},
      {"env", env}};
}

std::string words_of_schema(const std::string& schema) {
  try {
    return in_words(parse_schema(schema));
  } catch (const error&) {
    return schema;
  }
}

json all_facts(job_look& job, const std::vector<failed_item>& failures) {
  json facts = summary(job);
  if (!job.record) return facts;
  const store::manifest& about = job.record->about();
  const program_check check = check_program(about);
  facts["run"] = about.run;
  facts["created_on"] = about.host;
  facts["library"] = about.library;
  facts["program"] = json{{"path", about.program},          {"arguments", about.arguments},
                          {"directory", about.directory},   {"build", about.build},
                          {"on_disk", to_string(check.is)}, {"build_on_disk", check.build}};
  facts["item_type"] =
      json{{"schema", about.item_schema}, {"words", words_of_schema(about.item_schema)}};
  facts["result_type"] =
      json{{"schema", about.result_schema}, {"words", words_of_schema(about.result_schema)}};
  facts["bound_bytes"] = about.bound_size;
  facts["options"] = options_facts(about.options);
  facts["startup_script"] = about.pool.startup_script;
  facts["duplicates"] = job.counts.duplicates;
  json shown = json::array();
  for (const failed_item& each : failures)
    shown.push_back(error_facts(each.why));
  facts["failures"] = std::move(shown);
  json running = json::array();
  for (const auto& [item, how] : progress_of(job))
    running.push_back(
        json{{"item", item}, {"task", how.task}, {"fraction", how.fraction}, {"text", how.text}});
  facts["progress"] = std::move(running);
  facts["remarks"] = job.record->remark_texts();
  return facts;
}

std::string count_words(const job_look& job) {
  const store::job_counts& counts = job.counts;
  std::string text =
      std::to_string(counts.done) + " done, " + std::to_string(counts.failed) + " failed";
  if (const auto missing = job.missing()) {
    text += ", " + std::to_string(*missing) + " missing, of " + std::to_string(*counts.total);
  } else {
    text += ", " + std::to_string(counts.submitted) + " submitted, more may come";
  }
  return text;
}

std::string option_words(const map_options& options) {
  std::string text = "retries " + std::to_string(options.retries.user.value_or(0)) + " user, " +
                     std::to_string(options.retries.lost.value_or(0)) + " lost";
  if (options.timeout.count() != 0)
    text += "; timeout " + core::duration_text(options.timeout.count());
  if (options.on_error == on_error::stop) text += "; stops on the first error";
  if (options.items_per_task != 0)
    text += "; " + std::to_string(options.items_per_task) + " items a task";
  for (const auto& [name, value] : options.env)
    text += "; " + on_one_line(name + "=" + value);
  return text;
}

std::string program_words(const program_check& check, const store::manifest& about) {
  switch (check.is) {
    case program_check::verdict::same:
      return about.program + " (still build " + about.build.substr(0, 12) + ")";
    case program_check::verdict::changed:
      return about.program + " (build " + about.build.substr(0, 12) + "; on disk now " +
             check.build.substr(0, 12) + ": cannot be taken up with it)";
    case program_check::verdict::gone:
      return about.program + " (gone from there; was build " + about.build.substr(0, 12) + ")";
  }
  return about.program;
}

void print_facts(job_look& job, const console& on) {
  const store::manifest& about = job.record->about();
  const program_check check = check_program(about);
  std::string arguments;
  for (std::size_t i = 1; i < about.arguments.size(); ++i)
    arguments += (i == 1 ? "" : " ") + on_one_line(about.arguments[i]);
  const auto line = [&](const char* what, const std::string& text) {
    if (text.empty()) return;
    on.print("  " + std::string(what) + std::string(11 - std::string_view(what).size(), ' ') +
             on_one_line(text) + '\n');
  };
  line("items", count_words(job));
  if (job.driver)
    line("driver", store::to_string(*job.driver) + ", for " + age(job.driver->since_ms));
  line("created", iso_time(about.created_ms) + " (" + age(about.created_ms) + " ago) on host " +
                      about.host + " by version " + about.library);
  line("function", about.function.label + ": " + words_of_schema(about.item_schema) + " to " +
                       words_of_schema(about.result_schema));
  line("pool", in_words(about.pool));
  line("options", option_words(about.options));
  line("program", program_words(check, about));
  line("arguments", arguments);
  line("directory", about.directory);
  if (about.bound_size != 0) line("bound", core::size_text(about.bound_size));
}

void print_progress(const job_look& job, const console& on) {
  for (const auto& [item, how] : progress_of(job))
    on.print("  item " + std::to_string(item) + ": " +
             std::to_string(static_cast<int>(std::clamp(how.fraction, 0.0, 1.0) * 100)) + "% " +
             on_one_line(how.text) + '\n');
}

void print_failures(const job_look& job, const std::vector<failed_item>& failures,
                    const console& on) {
  if (job.counts.failed == 0) return;
  std::string head = "Failed items";
  if (failures.size() < job.counts.failed)
    head += " (" + std::to_string(failures.size()) + " of " + std::to_string(job.counts.failed) +
            "; --all shows every one)";
  on.print(on.paint(colour::bold, head + ":") + '\n');
  for (const failed_item& each : failures) {
    std::string text = "  item " + std::to_string(each.item) + ": " +
                       on.paint(colour::red, clusterless::to_string(each.why.cause));
    if (!each.why.type.empty()) text += ' ' + on_one_line(each.why.type);
    on.print(text + ": " + first_line(each.why.message) + '\n');
  }
}

void give_hints(const job_look& job, const console& on) {
  const std::string name = ' ' + job.name;
  if (job.state == job_state::interrupted || job.state == job_state::cancelled)
    on.say("Take it up again with `clusterless retry" + name + "`.");
  if (job.state == job_state::failed)
    on.say("See one whole with `clusterless show" + name +
           " --item N`, run it here with "
           "`clusterless replay" +
           name + " N`, all of them again with `clusterless retry" + name + "`.");
  const bool inputs_missing = job.state != job_state::running && job.counts.total &&
                              job.counts.submitted < *job.counts.total;
  const bool open_end = job.state == job_state::interrupted && !job.record->sealed();
  if (inputs_missing || open_end)
    on.say("The client ended before all inputs were recorded: items from " +
           std::to_string(job.counts.submitted) + " on can only be submitted anew.");
}

std::string output_of(const job_look& job, std::uint64_t item) {
  std::string text;
  auto output = job.record->read_output();
  store::output_record line;
  while (output.next(line))
    if (line.item == item) text += line.text;
  return text;
}

int show_item(job_look& job, std::uint64_t item, const console& on) {
  const store::manifest& about = job.record->about();
  const std::uint64_t known = std::max(job.counts.submitted, job.counts.total.value_or(0));
  if (item >= known)
    throw error(error_kind::misuse, "job '" + job.name + "' has no item " + std::to_string(item) +
                                        "; it has " + std::to_string(known) + ", from 0");
  const auto entry = job.record->read_outcome(item);
  json facts{{"job", job.name}, {"item", item}};
  facts["state"] = !entry                                     ? "missing"
                   : entry->kind == detail::entry_kind::error ? "failed"
                                                              : "value";
  const std::string output = output_of(job, item);
  std::string text = "item " + std::to_string(item) + " of " + job.name;
  if (entry && entry->kind == detail::entry_kind::error) {
    const error_info info = detail::decode_error(entry->body.data(), entry->body.size());
    facts["error"] = error_facts(info);
    text = remote_error(info).what();
  } else if (entry) {
    const type of = parse_schema(about.result_schema);
    const json value = decode_value(of, entry->body, {.keep = 20});
    facts["task"] = entry->task;
    facts["attempt"] = entry->attempt;
    facts["bytes"] = entry->body.size();
    facts["type"] = in_words(of);
    facts["value"] = value;
    text += " (task " + std::to_string(entry->task) + ", attempt " +
            std::to_string(entry->attempt) + "): " + in_words(of) + ", " +
            core::size_text(entry->body.size()) + "\n" + json_text(value);
  } else {
    text += " has no outcome yet";
  }
  facts["output"] = output;
  const auto earlier = client::retried_attempts(*job.record, item);
  facts["earlier_attempts"] = json::array();
  for (const auto& each : earlier)
    facts["earlier_attempts"].push_back(json{{"attempt", each.attempt},
                                             {"task", each.task},
                                             {"ended", iso_time(each.unix_ms)},
                                             {"error", each.text}});
  if (on.json_wanted()) {
    on.print_json(facts);
    return exit_good;
  }
  on.print(on.outside(text) + '\n');
  for (const auto& each : earlier)
    on.print(on.paint(colour::bold, "Attempt " + std::to_string(each.attempt)) + " failed at " +
             iso_time(each.unix_ms) + ": " + first_line(each.text) + '\n');
  const bool told = text.find("last output:") != std::string::npos;
  if (!output.empty() && !told)
    on.print(on.paint(colour::bold, "It printed:") + '\n' + on.outside(output));
  return exit_good;
}

}  // namespace

int run_command(const show_request& what, const common_options& how, const console& on) {
  const auto in = store_with(how.store, what.job).in;
  job_look job = look_at(in, what.job);
  if (what.check) job.check(in);
  if (what.item && job.record) return show_item(job, *what.item, on);
  const std::uint64_t limit = what.all ? std::numeric_limits<std::uint64_t>::max() : what.limit;
  std::vector<failed_item> failures;
  if (job.record) failures = failed_items(job, limit);
  const int code = job.state == job_state::damaged ? exit_failed : exit_good;
  if (on.json_wanted()) {
    on.print_json(all_facts(job, failures));
    return code;
  }
  on.print(on.paint(colour::bold, job.name) + "  " +
           on.paint(colour_of(job.state), to_string(job.state)) + '\n');
  if (!job.damage.empty()) on.complain("clusterless: " + job.damage);
  if (!job.record) return code;
  print_facts(job, on);
  print_progress(job, on);
  print_failures(job, failures, on);
  for (const std::string& remark : job.record->remark_texts())
    on.print("remark: " + on_one_line(remark) + '\n');
  give_hints(job, on);
  return code;
}

}  // namespace clusterless::cli
