// SPDX-License-Identifier: MIT
// The doctor's look at the store and at the parameters.
#include <sys/statvfs.h>
#include <unistd.h>

#include <clusterless/error.hpp>
#include <filesystem>
#include <map>
#include <memory>
#include <utility>

#include "cli/doctor.hpp"
#include "cli/job_look.hpp"
#include "client/engines.hpp"
#include "config/settings.hpp"
#include "core/text.hpp"
#include "store/directory_store.hpp"

namespace clusterless::cli {

namespace {

namespace fs = std::filesystem;

/// The nearest folder above `path` that is there.
fs::path existing_above(fs::path path) {
  std::error_code ignored;
  while (!fs::exists(path, ignored) && path.has_parent_path() && path != path.parent_path())
    path = path.parent_path();
  return path;
}

std::string jobs_in_words(const std::shared_ptr<store::object_store>& in) {
  std::map<std::string, int> states;
  int all = 0;
  for (const std::string& name : store::list_jobs(*in)) {
    ++all;
    ++states[to_string(look_at(in, name).state)];
  }
  std::string text = core::count_text(static_cast<std::uint64_t>(all), "job");
  for (const auto& [state, count] : states)
    text += ", " + std::to_string(count) + " " + state;
  return text;
}

void add_free_space(const std::string& path, findings& into) {
  struct statvfs facts {};
  if (::statvfs(path.c_str(), &facts) != 0) return;
  const std::uint64_t free = std::uint64_t{facts.f_bavail} * facts.f_frsize;
  const bool little = free < (std::uint64_t{100} << 20);
  into.push_back({"store", "space", little ? verdict::warning : verdict::good,
                  core::size_text(free) + " free",
                  little ? "A full store ends its jobs; make room, or set CLUSTERLESS_STORE" : ""});
}

void try_writing(store::object_store& in) {
  const std::string key = "doctor/" + std::to_string(::getpid());
  in.put(key, {});
  for (const store::failure& left : in.remove(key))
    throw error(error_kind::failed, "cannot remove " + in.place(left.key) + ": " + left.reason);
}

}  // namespace

void examine_store(const std::string& path, findings& into) {
  const auto add = [&](const char* name, verdict is, std::string text, std::string advice = {}) {
    into.push_back({"store", name, is, std::move(text), std::move(advice)});
  };
  std::error_code ignored;
  if (!fs::exists(path, ignored)) {
    const fs::path above = existing_above(path);
    if (::access(above.c_str(), W_OK | X_OK) == 0)
      add("place", verdict::good, path + ", made when the first named job is");
    else
      add("place", verdict::failure, path + " is not there and cannot be made in " + above.string(),
          "Set CLUSTERLESS_STORE to a directory that can be written");
    add_free_space(above.string(), into);
    return;
  }
  try {
    const std::shared_ptr in = store::open_directory_store(path);
    const std::string jobs = jobs_in_words(in);
    add("place", verdict::good, path + ": " + jobs);
    try_writing(*in);
    add("writing", verdict::good, "works");
  } catch (const error& caught) {
    add("place", verdict::failure, caught.what(),
        "Named jobs cannot be kept there; set CLUSTERLESS_STORE to another directory");
  }
  add_free_space(path, into);
}

std::optional<config::configuration> examine_parameters(findings& into) {
  const auto add = [&](std::string name, verdict is, std::string text, std::string advice = {}) {
    into.push_back({"parameters", std::move(name), is, std::move(text), std::move(advice)});
  };
  const auto variables = config::read_environment();
  const auto or_none = [](const std::string& text) { return text.empty() ? "not set" : text; };
  add("PARAMETERS", verdict::good, or_none(variables.parameters));
  add("CREDENTIALS", verdict::good, or_none(variables.credentials));
  config::configuration all;
  try {
    all = config::configure({}, variables, client::built_in_engines());
  } catch (const error& caught) {
    add("files", verdict::failure, caught.what(), "create_pool would throw this error");
    return std::nullopt;
  }
  for (const config::origin& each : all.values.origins) {
    const std::string key = each.key.empty() ? "" : " (" + std::string(each.key) + ")";
    add(std::string(each.name) + key, verdict::good,
        (each.value.empty() ? "none" : each.value) + ", " + each.from);
  }
  for (const std::string& note : all.values.notes)
    add("note", verdict::warning, note, "It may stay; it has no effect");
  return all;
}

void examine_accounts(config::configuration of, std::optional<double> price_per_hour,
                      findings& into) {
  const auto accounts =
      std::make_shared<const std::vector<core::cloud_account>>(std::move(of.cloud.accounts));
  for (auto& each :
       client::check_accounts(client::plan_of(of.values, accounts), {price_per_hour})) {
    const verdict is = each.is == engine::check::grade::good      ? verdict::good
                       : each.is == engine::check::grade::warning ? verdict::warning
                                                                  : verdict::failure;
    into.push_back({std::move(each.where), std::move(each.name), is, std::move(each.text),
                    std::move(each.advice)});
  }
}

}  // namespace clusterless::cli
