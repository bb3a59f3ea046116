// SPDX-License-Identifier: MIT
#include "client/manifests.hpp"

#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <random>

#include <clusterless/detail/function.hpp>
#include <clusterless/version.hpp>

#include "client/stores.hpp"
#include "core/defaults.hpp"
#include "core/wire.hpp"
#include "os/program.hpp"
#include "os/symbolise.hpp"
#include "os/wall_clock.hpp"
#include "session/roles.hpp"

namespace clusterless::client {

namespace {

std::string random_letters(std::size_t n) {
  static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
  std::random_device source;
  std::string text;
  while (text.size() < n)
    text += letters[source() % (sizeof letters - 1)];
  return text;
}

std::string host_name() {
  char name[256] = {};
  ::gethostname(name, sizeof name - 1);
  return name;
}

std::string label_of(const detail::call& what) {
  if (what.target != nullptr) return os::symbol_name(what.target);
  std::string type = what.function->type;
  const auto from = type.find("T = ");
  if (from == std::string::npos) return type;
  return type.substr(from + 4, type.size() - from - 5);
}

}  // namespace

std::string made_up_name() {
  char date[32];
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::strftime(date, sizeof date, "%Y%m%d", &parts);
  return std::string("job-") + date + "-" + random_letters(6);
}

store::manifest describe(const job_facts& facts, const detail::call& what,
                         const session::function_place& place, const config::settings& settings,
                         std::optional<std::uint64_t> total) {
  store::manifest about;
  about.name = facts.id;
  about.run = random_letters(12);
  about.created_ms = os::unix_ms();
  about.host = host_name();
  about.library = version;
  about.program = os::program_path();
  about.arguments = session::program_arguments();
  about.directory = std::filesystem::current_path().string();
  about.build = os::to_hex(os::this_build());
  about.function.entry = place.entry_offset;
  if (what.target != nullptr) about.function.target = place.target_offset;
  about.function.label = label_of(what);
  what.function->schemas(about.item_schema, about.result_schema);
  about.total = total;
  about.options = facts.options;
  about.options.nodes_per_task = facts.shape.nodes;
  about.options.procs_per_node = facts.shape.procs_per_node;
  about.options.retries.user = facts.limits.retries_user;
  about.options.retries.lost = facts.limits.retries_lost;
  about.pool.engine = settings.engine;
  about.pool.pools = settings.pools;
  about.pool.nodes = settings.nodes;
  about.pool.nodes_per_task = settings.nodes_per_task;
  about.pool.procs_per_node = settings.procs_per_node;
  about.pool.omp_threads = settings.omp_threads;
  about.pool.startup_script = settings.startup_script;
  if (settings.spot_nodes > 0) about.pool.spot_nodes = settings.spot_nodes;
  if (settings.tasks_per_node > 1) about.pool.tasks_per_node = settings.tasks_per_node;
  about.pool.autoscale_formula = settings.autoscale_formula;
  if (settings.autoscale_interval > 0) about.pool.autoscale_minutes = settings.autoscale_interval;
  about.pool.image_resource_id = settings.image_resource_id;
  return about;
}

taken_up take_up(std::shared_ptr<store::object_store> in, const std::string& name,
                 const std::string& result_schema) {
  taken_up taken;
  taken.record = store::job_record::open(std::move(in), name);
  const auto& about = taken.record->about();
  if (!result_schema.empty() && result_schema != about.result_schema)
    throw error(error_kind::misuse, "job '" + name + "' has results of type " +
                                        about.result_schema + ", not " + result_schema +
                                        "; reopen it with the type its function returns");
  if (!drive_when_free(*taken.record)) {
    const auto who = taken.record->driver();
    throw error(error_kind::busy, "job '" + name + "' is being run by " +
                                      (who ? store::to_string(*who) : "another process") +
                                      "; wait for it, or watch it with `clusterless show " + name +
                                      "`");
  }
  const std::string here = os::to_hex(os::this_build());
  const bool all_there = taken.record->missing(0, 1).empty();
  if (!all_there && about.build != here)
    throw error(error_kind::misuse, "job '" + name + "' was submitted by build " + about.build +
                                        " of " + about.program + " and this is build " + here +
                                        "; what is missing can only be run by the same build");
  if (taken.record->cancel_requested()) taken.record->clear_cancel();
  auto call = std::make_shared<core::call_spec>();
  call->entry_offset = about.function.entry;
  call->target_offset = about.function.target.value_or(wire::no_target);
  if (about.build == here)
    taken.facts.function = session::function_at({call->entry_offset, call->target_offset}).entry;
  call->max_item_bytes =
      about.options.max_item_bytes != 0 ? about.options.max_item_bytes : defaults::max_item_bytes;
  call->by_reference = false;
  for (const auto& [key, value] : about.options.env) {
    call->env += key + '=' + value;
    call->env += '\0';
  }
  const auto bound = taken.record->bound();
  call->bound.assign(bound.data(), bound.data() + bound.size());
  call->timeout = about.options.timeout.count();
  taken.call = std::move(call);
  taken.facts.id = name;
  taken.facts.options = about.options;
  taken.facts.options.name = name;
  taken.facts.shape = {about.options.nodes_per_task.value_or(about.pool.nodes_per_task),
                       about.options.procs_per_node.value_or(about.pool.procs_per_node)};
  taken.facts.limits.retries_user = about.options.retries.user.value_or(0);
  taken.facts.limits.retries_lost = about.options.retries.lost.value_or(defaults::lost_retries);
  taken.facts.limits.items_per_task = about.options.items_per_task;
  taken.facts.limits.stop_on_error = about.options.on_error == on_error::stop;
  return taken;
}

pool_options pool_of(const store::manifest& about) {
  pool_options options;
  options.engine = about.pool.engine;
  options.pools = about.pool.pools;
  options.nodes = about.pool.nodes;
  options.nodes_per_task = about.pool.nodes_per_task;
  options.procs_per_node = about.pool.procs_per_node;
  if (about.pool.omp_threads > 0) options.omp_threads = about.pool.omp_threads;
  options.startup_script = about.pool.startup_script;
  options.spot_nodes = about.pool.spot_nodes;
  options.tasks_per_node = about.pool.tasks_per_node;
  options.autoscale_formula = about.pool.autoscale_formula;
  options.autoscale_interval = std::chrono::minutes(about.pool.autoscale_minutes.value_or(0));
  options.image_resource_id = about.pool.image_resource_id;
  return options;
}

}  // namespace clusterless::client
