// SPDX-License-Identifier: MIT
#include "config/settings.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <utility>

#include <clusterless/error.hpp>

#include "config/document.hpp"
#include "config/startup_script.hpp"
#include "config/wording.hpp"

namespace clusterless::config {

namespace {

// Engines of the project; a build may hold fewer.
constexpr std::array<std::string_view, 3> engine_names = {"local", "azure", "slurm"};

const engine_defaults* find_engine(std::span<const engine_defaults> built_in,
                                   std::string_view name) {
  const auto at = std::find_if(built_in.begin(), built_in.end(),
                               [&](const engine_defaults& e) { return e.name == name; });
  return at == built_in.end() ? nullptr : &*at;
}

std::string names_of(std::span<const engine_defaults> built_in) {
  std::vector<std::string> names;
  for (const engine_defaults& each : built_in)
    names.push_back("\"" + each.name + "\"");
  return joined(names);
}

const engine_defaults* named_engine(const std::string& name, const std::string& from,
                                    std::span<const engine_defaults> built_in) {
  if (const engine_defaults* found = find_engine(built_in, name)) return found;
  const bool known =
      std::find(engine_names.begin(), engine_names.end(), name) != engine_names.end();
  if (known) {
    throw error(error_kind::unsupported,
                from + " is \"" + name + "\", an engine that this build does not have; it has " +
                    names_of(built_in));
  }
  throw error(error_kind::misuse, from + " is " + in_quotes(name) +
                                      ", which is no engine; this build has " + names_of(built_in));
}

std::string text_of(int value) {
  return std::to_string(value);
}
std::string text_of(bool value) {
  return value ? "1" : "0";
}
std::string text_of(const std::string& value) {
  return value;
}

[[noreturn]] void misuse(std::string text) {
  throw error(error_kind::misuse, std::move(text));
}

// Chooses value by value and writes down where each came from.
class resolver {
 public:
  resolver(const pool_options& options, const parameters& file, const engine_choice& chosen)
      : options_(options), file_(file), engine_(*chosen.engine) {
    out_.engine = engine_.name;
    note_origin("engine", "", out_.engine, chosen.from);
    if (!chosen.note.empty()) out_.notes.push_back(chosen.note);
  }

  settings run() {
    counts();
    flags();
    names();
    machines();
    check_shape();
    check_engine();
    out_.notes.insert(out_.notes.end(), file_.notes.begin(), file_.notes.end());
    return std::move(out_);
  }

 private:
  void note_origin(std::string_view name, std::string_view key, std::string value,
                   std::string from) {
    out_.origins.push_back({name, key, std::move(value), std::move(from)});
  }

  template <class T>
  void pick(T& to, std::string_view name, std::string_view key, const std::optional<T>& option,
            const given<T>& from_file, T fallback, std::string fallback_from = "default") {
    std::string from = std::move(fallback_from);
    to = std::move(fallback);
    if (option) {
      to = *option;
      from = "pool_options." + std::string(name);
    } else if (from_file) {
      to = *from_file;
      from = place(file_.source, from_file.line);
    }
    note_origin(name, key, text_of(to), std::move(from));
  }

  void pick_count(int& to, std::string_view name, std::string_view key,
                  const std::optional<int>& option, const given<int>& from_file, int fallback,
                  std::string fallback_from = "default") {
    if (option && (*option < 1 || *option > defaults::max_count)) {
      misuse("pool_options." + std::string(name) + " is " + std::to_string(*option) +
             ", but must be a whole number from 1 to " + std::to_string(defaults::max_count));
    }
    pick(to, name, key, option, from_file, fallback, std::move(fallback_from));
  }

  void pick_text(std::string& to, std::string_view name, std::string_view key,
                 const given<std::string>& from_file, std::string_view fallback) {
    pick(to, name, key, {}, from_file, std::string(fallback));
  }

  void counts() {
    const pool_options& o = options_;
    pick_count(out_.pools, "pools", "_POOL_COUNT", o.pools, file_.pool_count, defaults::pools);
    pick_count(out_.nodes_per_task, "nodes_per_task", "_NUM_NODES_PER_TASK", o.nodes_per_task,
               file_.num_nodes_per_task, defaults::nodes_per_task);
    pick_count(out_.procs_per_node, "procs_per_node", "_NUM_PROCS_PER_NODE", o.procs_per_node,
               file_.num_procs_per_node, defaults::procs_per_node);

    // Without a file the number of nodes follows from what is known about the others.
    int nodes = defaults::nodes_per_pool;
    std::string from = "default";
    if (file_.source.empty() && engine_.nodes_without_file > 0) {
      const std::int64_t workers = std::int64_t{out_.pools} * out_.procs_per_node;
      const auto fitting = static_cast<int>(engine_.nodes_without_file / workers);
      nodes = std::max({1, fitting, out_.nodes_per_task});
      from = "default, from what this machine has";
    }
    pick_count(out_.nodes, "nodes", "_NODE_COUNT_PER_POOL", o.nodes, file_.node_count_per_pool,
               nodes, std::move(from));
    pick_count(out_.omp_threads, "omp_threads", "_OMP_NUM_THREADS", o.omp_threads,
               file_.omp_num_threads, defaults::omp_threads);
    pick(out_.user_retries, "user_retries", "_NUM_RETRYS", {}, file_.num_retrys,
         defaults::user_retries);
  }

  void flags() {
    pick(out_.mpi, "mpi", "_MPI_RUN", {}, file_.mpi_run, defaults::mpi);
    const bool spans_nodes = out_.nodes_per_task > 1;
    pick(out_.inter_node, "inter_node", "_INTER_NODE_CONNECTION", {}, file_.inter_node_connection,
         spans_nodes, spans_nodes ? "default, as nodes_per_task is more than 1" : "default");
    pick(out_.verbose, "verbose", "_VERBOSE", options_.verbose, file_.verbose, defaults::verbose);
  }

  void names() {
    const std::string& script = options_.startup_script;
    out_.startup_script = script;
    note_origin("startup_script", "", script,
                script.empty() ? "default" : "pool_options.startup_script");
    pick_text(out_.pool_id, "pool_id", "_POOL_ID", file_.pool_id, defaults::pool_id);
    pick_text(out_.job_id, "job_id", "_JOB_ID", file_.job_id, defaults::job_id);
    pick_text(out_.blob_container, "blob_container", "_BLOB_CONTAINER", file_.blob_container,
              defaults::blob_container);
    pick_text(out_.container, "container", "_CONTAINER", file_.container, "");
    pick_text(out_.vm_size, "vm_size", "_POOL_VM_SIZE", file_.pool_vm_size, defaults::vm_size);
    pick_text(out_.os_publisher, "os_publisher", "_NODE_OS_PUBLISHER", file_.node_os_publisher,
              defaults::os_publisher);
    pick_text(out_.os_offer, "os_offer", "_NODE_OS_OFFER", file_.node_os_offer, defaults::os_offer);
    pick_text(out_.os_sku, "os_sku", "_NODE_OS_SKU", file_.node_os_sku, defaults::os_sku);
  }

  void option_count(int& to, std::string_view name, const std::optional<int>& option, int least,
                    int most, int fallback) {
    if (option && (*option < least || *option > most)) {
      misuse("pool_options." + std::string(name) + " is " + std::to_string(*option) +
             ", but must be a whole number from " + std::to_string(least) + " to " +
             std::to_string(most));
    }
    pick(to, name, "", option, given<int>{}, fallback);
  }

  void option_text(std::string& to, std::string_view name, const std::string& option,
                   std::string shown) {
    to = option;
    note_origin(name, "", std::move(shown),
                option.empty() ? "default" : "pool_options." + std::string(name));
  }

  void machines() {
    const pool_options& o = options_;
    option_count(out_.spot_nodes, "spot_nodes", o.spot_nodes, 0, defaults::max_count, 0);
    option_count(out_.tasks_per_node, "tasks_per_node", o.tasks_per_node, 1,
                 defaults::max_tasks_per_node, 1);
    const std::string& formula = o.autoscale_formula;
    if (formula.size() > defaults::max_formula_bytes) {
      misuse("pool_options.autoscale_formula has " + std::to_string(formula.size()) +
             " bytes, but at most " + std::to_string(defaults::max_formula_bytes) +
             " are taken; shorten it");
    }
    option_text(out_.autoscale_formula, "autoscale_formula", formula,
                formula.empty() ? "" : std::to_string(formula.size()) + " bytes");
    std::optional<int> minutes;
    if (const auto count = o.autoscale_interval.count(); count != 0)
      minutes = static_cast<int>(std::clamp<std::int64_t>(count, -1, defaults::max_count * 10));
    option_count(out_.autoscale_interval, "autoscale_interval", minutes,
                 defaults::min_formula_minutes, defaults::max_formula_minutes, 0);
    if (minutes && formula.empty()) {
      misuse(
          "pool_options.autoscale_interval is of no use without pool_options.autoscale_formula; "
          "set both or none");
    }
    if (!o.image_resource_id.empty() &&
        (!is_word(o.image_resource_id) || !o.image_resource_id.starts_with("/subscriptions/"))) {
      misuse("pool_options.image_resource_id is " + in_quotes(o.image_resource_id, 200) +
             ", but must be a resource id, /subscriptions/…/images/NAME or "
             "/subscriptions/…/galleries/…/images/NAME/versions/…");
    }
    option_text(out_.image_resource_id, "image_resource_id", o.image_resource_id,
                o.image_resource_id);
    registry();
  }

  void registry() {
    const container_registry& from = options_.registry;
    option_text(out_.registry_server, "registry.server", from.server, from.server);
    option_text(out_.registry_user, "registry.user", from.user, from.user);
    const bool any = !from.server.empty() || !from.user.empty() || !from.password.empty();
    if (any && (from.user.empty() || from.password.empty()))
      misuse(
          "pool_options.registry needs user and password; leave it out for a registry that asks "
          "for none");
    if (any && out_.container.empty())
      misuse("pool_options.registry is of no use without an image: set \"_CONTAINER\"");
    if (any) out_.registry_password = std::make_shared<secret>(std::string(from.password));
  }

  // `"_KEY" 4 (parameters.json line 7)`, `pool_options.nodes 4`, `"_KEY" 1 (default)`
  std::string told(std::string_view name) const {
    const origin& at = out_.explain(name);
    if (at.from.starts_with("pool_options.")) return at.from + " " + at.value;
    return "\"" + std::string(at.key) + "\" " + at.value + " (" + at.from + ")";
  }

  void check_shape() const {
    if (out_.nodes_per_task > out_.nodes) {
      misuse(told("nodes_per_task") + " is more nodes for a task than a pool has: " +
             told("nodes") + "; lower the first or raise the second");
    }
    if (out_.nodes_per_task > 1 && !out_.inter_node) {
      misuse(told("nodes_per_task") + " needs nodes that reach each other, but they must not: " +
             told("inter_node") + "; set \"_INTER_NODE_CONNECTION\" to \"1\"");
    }
    if (out_.spot_nodes > out_.nodes) {
      misuse(told("spot_nodes") + " is more spot nodes than a pool has nodes: " + told("nodes") +
             "; lower the first or raise the second");
    }
    if (out_.tasks_per_node > 1 && out_.nodes_per_task > 1) {
      misuse(told("tasks_per_node") + " is for tasks of one node, and these have more: " +
             told("nodes_per_task") + "; set one of them to 1");
    }
    const std::int64_t in_pool = std::int64_t{out_.nodes} * out_.procs_per_node;
    if (in_pool > defaults::max_workers_per_pool) {
      misuse(told("nodes") + " times " + told("procs_per_node") + " is " + std::to_string(in_pool) +
             " workers in a pool, more than " + std::to_string(defaults::max_workers_per_pool) +
             "; lower one of them");
    }
    if (in_pool * out_.pools > engine_.max_workers) {
      misuse(told("pools") + " of " + std::to_string(in_pool) + " workers are " +
             std::to_string(in_pool * out_.pools) + ", more than " +
             std::to_string(engine_.max_workers) + " on engine \"" + engine_.name +
             "\"; lower pools, nodes or procs_per_node");
    }
  }

  void check_engine() {
    if (out_.mpi && !engine_.runs_mpi) {
      throw error(error_kind::unsupported,
                  told("mpi") + " asks for MPI, which engine \"" + engine_.name +
                      "\" does not run; set it to \"0\" or choose another engine");
    }
    if (!out_.container.empty() && !engine_.runs_containers) {
      out_.notes.push_back(told("container") + " is without effect on engine \"" + engine_.name +
                           "\": items run outside any container");
    }
    if (engine_.rents_nodes) return;
    for (const std::string_view name :
         {"spot_nodes", "tasks_per_node", "autoscale_formula", "image_resource_id"}) {
      if (out_.explain(name).from == "default") continue;
      out_.notes.push_back("pool_options." + std::string(name) + " is without effect on engine \"" +
                           engine_.name + "\"");
    }
  }

  const pool_options& options_;
  const parameters& file_;
  const engine_defaults& engine_;
  settings out_;
};

}  // namespace

const origin& settings::explain(std::string_view name) const {
  const auto at = std::find_if(origins.begin(), origins.end(),
                               [&](const origin& each) { return each.name == name; });
  if (at == origins.end()) throw std::out_of_range("no setting " + std::string(name));
  return *at;
}

engine_choice choose_engine(const pool_options& options, const environment& variables,
                            std::span<const engine_defaults> built_in) {
  if (!options.engine.empty()) {
    const std::string from = "pool_options.engine";
    return {named_engine(options.engine, from, built_in), from, {}};
  }
  if (!variables.engine.empty()) {
    const std::string from = "CLUSTERLESS_ENGINE";
    return {named_engine(variables.engine, from, built_in), from, {}};
  }
  const bool has_credentials = !options.credentials.empty() || !variables.credentials.empty();
  const std::string named_by =
      options.credentials.empty() ? "CREDENTIALS" : "pool_options.credentials";
  if (!has_credentials) return {named_engine("local", "the default", built_in), "default", {}};
  if (const engine_defaults* azure = find_engine(built_in, "azure")) {
    return {azure, "default, as " + named_by + " is set", {}};
  }
  return {named_engine("local", "the default", built_in), "default",
          named_by + " is set, but this build has no azure engine: running on local"};
}

settings resolve(const pool_options& options, const parameters& from_file,
                 const engine_choice& chosen) {
  return resolver(options, from_file, chosen).run();
}

configuration configure(const pool_options& options, const environment& variables,
                        std::span<const engine_defaults> built_in) {
  const std::string& parameters_path =
      options.parameters.empty() ? variables.parameters : options.parameters;
  const std::string& credentials_path =
      options.credentials.empty() ? variables.credentials : options.credentials;
  const engine_choice chosen = choose_engine(options, variables, built_in);
  configuration out;
  if (!parameters_path.empty()) out.file = load_parameters(parameters_path);
  if (!credentials_path.empty()) out.cloud = load_credentials(credentials_path);
  out.values = resolve(options, out.file, chosen);
  if (!out.values.startup_script.empty()) check_startup_script(out.values.startup_script);
  out.values.notes.insert(out.values.notes.end(), out.cloud.notes.begin(), out.cloud.notes.end());
  return out;
}

}  // namespace clusterless::config
