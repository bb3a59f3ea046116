// SPDX-License-Identifier: MIT
#include "cli/job_look.hpp"

#include <algorithm>
#include <clusterless/error.hpp>
#include <ctime>
#include <filesystem>
#include <vector>

#include "config/wording.hpp"
#include "core/text.hpp"
#include "os/wall_clock.hpp"
#include "store/directory_store.hpp"

namespace clusterless::cli {

namespace {

[[noreturn]] void no_such_job(const store::object_store& in, const std::string& name) {
  const auto names = store::list_jobs(in);
  const std::vector<std::string_view> known(names.begin(), names.end());
  const auto near = config::nearest(name, known);
  std::string text = "there is no job " + store::quoted(name) + " in " + in.place();
  if (!near.empty())
    text += "; did you mean '" + std::string(near) + "'?";
  else if (names.empty())
    text += ", and no other";
  else
    text += "; `clusterless jobs` lists those that are";
  throw error(error_kind::misuse, text);
}

bool exists(const store::object_store& in, const std::string& name) {
  const auto names = store::list_jobs(in);
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

const char* to_string(job_state state) {
  switch (state) {
    case job_state::running:
      return "running";
    case job_state::finished:
      return "finished";
    case job_state::failed:
      return "failed";
    case job_state::interrupted:
      return "interrupted";
    case job_state::cancelled:
      return "cancelled";
    case job_state::damaged:
      return "damaged";
  }
  return "unknown";
}

colour colour_of(job_state state) {
  switch (state) {
    case job_state::running:
      return colour::bold;
    case job_state::finished:
      return colour::green;
    case job_state::interrupted:
    case job_state::cancelled:
      return colour::yellow;
    case job_state::failed:
    case job_state::damaged:
      return colour::red;
  }
  return colour::plain;
}

job_state state_of(const state_facts& facts) {
  if (facts.complete) return facts.failed == 0 ? job_state::finished : job_state::failed;
  if (facts.driven) return job_state::running;
  if (facts.cancel_requested) return job_state::cancelled;
  if (facts.stops_on_error && facts.failed != 0) return job_state::failed;
  return job_state::interrupted;
}

std::optional<std::uint64_t> job_look::missing() const {
  if (!counts.total) return std::nullopt;
  return *counts.total - std::min(*counts.total, counts.done + counts.failed);
}

void job_look::check(const std::shared_ptr<store::object_store>& in) {
  if (!record || !damage.empty()) return;
  // Torn ends and late frames are remarks of a sound record too; only a thorough look finds damage.
  auto thorough = store::job_record::open(in, name, {.salvage = true});
  const auto known = record->remark_texts();
  for (const std::string& remark : thorough->remark_texts())
    if (damage.empty() && std::find(known.begin(), known.end(), remark) == known.end())
      damage = "damaged record: " + remark;
  if (damage.empty()) return;
  record = std::move(thorough);
  refresh();
}

void job_look::refresh() {
  if (!record) return;
  // Asked first: what a driver that is gone has written is all there.
  driver = record->driver();
  try {
    record->refresh();
  } catch (const error& caught) {
    if (damage.empty()) damage = caught.what();
  }
  counts = record->counts();
  state = !damage.empty()
              ? job_state::damaged
              : state_of({record->complete(), driver.has_value(), record->cancel_requested(),
                          record->about().options.on_error == on_error::stop, counts.failed});
}

std::string store_path(const std::string& wanted) {
  std::string path = wanted.empty() ? store::default_store_path() : wanted;
  if (path.starts_with("azure:")) return path;
  return std::filesystem::absolute(path).lexically_normal().string();
}

client::named_store store_with(const std::string& wanted, const std::string& job) {
  auto all = client::stores_to_look_in(wanted);
  if (all.size() == 1) return std::move(all.front());
  return client::store_of_job(all, job);
}

job_look look_at(const std::shared_ptr<store::object_store>& in, const std::string& name) {
  if (!exists(*in, name)) no_such_job(*in, name);
  job_look job;
  job.name = name;
  try {
    job.record = store::job_record::open(in, name);
  } catch (const error& caught) {
    if (caught.kind() != error_kind::failed) throw;
    job.damage = caught.what();
    try {
      job.record = store::job_record::open(in, name, {.salvage = true});
    } catch (const error&) {
      // Not even the manifest can be read; `damage` says so.
    }
  }
  job.refresh();
  return job;
}

job_look look_at_whole(const std::shared_ptr<store::object_store>& in, const std::string& name) {
  job_look job = look_at(in, name);
  if (!job.damage.empty())
    throw error(error_kind::failed,
                job.damage + "; `clusterless show " + name + "` tells what is left of it");
  return job;
}

json summary(const job_look& job) {
  json facts{{"name", job.name}, {"state", to_string(job.state)}};
  facts["driver"] = nullptr;
  if (job.driver)
    facts["driver"] = json{{"host", job.driver->host},
                           {"pid", job.driver->pid},
                           {"since", iso_time(job.driver->since_ms)}};
  facts["problem"] = job.damage.empty() ? json() : json(job.damage);
  if (!job.record) return facts;
  const store::manifest& about = job.record->about();
  const auto missing = job.missing();
  facts["cancel_requested"] = job.record->cancel_requested();
  facts["total"] = job.counts.total ? json(*job.counts.total) : json();
  facts["submitted"] = job.counts.submitted;
  facts["done"] = job.counts.done;
  facts["failed"] = job.counts.failed;
  facts["missing"] = missing ? json(*missing) : json();
  facts["created"] = iso_time(about.created_ms);
  facts["function"] = about.function.label;
  facts["pool"] = json{{"engine", about.pool.engine},
                       {"pools", about.pool.pools},
                       {"nodes", about.pool.nodes},
                       {"nodes_per_task", about.pool.nodes_per_task},
                       {"procs_per_node", about.pool.procs_per_node}};
  return facts;
}

json error_facts(const error_info& info) {
  return json{{"cause", clusterless::to_string(info.cause)},
              {"type", info.type},
              {"message", info.message},
              {"item", info.item},
              {"task", info.task},
              {"attempt", info.attempt},
              {"pool", info.pool},
              {"node", info.node},
              {"worker", info.worker},
              {"trace", info.trace},
              {"output", info.output}};
}

std::string age(std::uint64_t unix_ms) {
  const std::uint64_t now = os::unix_ms();
  return core::duration_text(static_cast<std::int64_t>(now - std::min(now, unix_ms)) * 1'000'000);
}

std::string iso_time(std::uint64_t unix_ms) {
  const auto seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm parts{};
  char text[40];
  if (::gmtime_r(&seconds, &parts) == nullptr ||
      std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
    return "unknown";
  return text;
}

std::string in_words(const store::pool_shape& pool) {
  std::string text = pool.engine + ", ";
  if (pool.pools > 1) text += std::to_string(pool.pools) + " x ";
  text += core::count_text(static_cast<std::uint64_t>(pool.nodes), "node");
  if (pool.nodes_per_task > 1) text += ", " + std::to_string(pool.nodes_per_task) + " a task";
  if (pool.procs_per_node > 1)
    text += ", " + std::to_string(pool.procs_per_node) + " workers a node";
  return text;
}

}  // namespace clusterless::cli
