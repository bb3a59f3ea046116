// SPDX-License-Identifier: MIT
#include "client/engines.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "engine/azure/account_check.hpp"
#include "engine/azure/azure_engine.hpp"
#include "engine/local/local_engine.hpp"

namespace clusterless::client {

const std::vector<config::engine_defaults>& built_in_engines() {
  static const auto* all = [] {
    auto* made = new std::vector<config::engine_defaults>;
    config::engine_defaults local;
    local.name = "local";
    local.nodes_without_file = static_cast<int>(std::max(1l, ::sysconf(_SC_NPROCESSORS_ONLN)));
    made->push_back(local);
    config::engine_defaults azure;
    azure.name = "azure";
    azure.runs_containers = true;
    azure.rents_nodes = true;
    azure.max_workers = defaults::max_count * defaults::max_workers_per_pool;
    made->push_back(azure);
    return made;
  }();
  return *all;
}

engine::pool_plan plan_of(const config::settings& settings,
                          std::shared_ptr<const std::vector<core::cloud_account>> accounts) {
  engine::pool_plan plan;
  plan.engine = settings.engine;
  plan.pools = settings.pools;
  plan.nodes = settings.nodes;
  plan.procs_per_node = settings.procs_per_node;
  plan.omp_threads = settings.omp_threads;
  plan.startup_script = settings.startup_script;
  plan.verbose = settings.verbose;
  plan.accounts = std::move(accounts);
  plan.pool_id = settings.pool_id;
  plan.job_id = settings.job_id;
  plan.blob_container = settings.blob_container;
  plan.vm_size = settings.vm_size;
  // The model's defaults name an image that is gone.
  const auto wished = [&](const char* name, const std::string& value) {
    return settings.explain(name).from == "default" ? std::string() : value;
  };
  plan.os_publisher = wished("os_publisher", settings.os_publisher);
  plan.os_offer = wished("os_offer", settings.os_offer);
  plan.os_sku = wished("os_sku", settings.os_sku);
  plan.container = settings.container;
  plan.spot_nodes = settings.spot_nodes;
  plan.tasks_per_node = settings.tasks_per_node;
  plan.formula = settings.autoscale_formula;
  plan.formula_interval_s = settings.autoscale_interval * 60;
  plan.image_id = settings.image_resource_id;
  plan.registry_server = settings.registry_server;
  plan.registry_user = settings.registry_user;
  plan.registry_password = settings.registry_password;
  if (settings.nodes_per_task > 1 || !settings.explain("inter_node").from.starts_with("default"))
    plan.inter_node = settings.inter_node;
  return plan;
}

std::unique_ptr<engine::engine> make_engine(const engine::pool_plan& plan, engine::events& to) {
  if (plan.engine == "local") return std::make_unique<engine::local_engine>(plan, to);
  if (plan.engine == "azure") return std::make_unique<engine::azure_engine>(plan, to);
  throw error(error_kind::unsupported, "this build has no engine '" + plan.engine + "'");
}

engine::checks check_accounts(const engine::pool_plan& plan, const engine::prices& at) {
  return plan.engine == "azure" ? engine::check_accounts(plan, at) : engine::checks();
}

}  // namespace clusterless::client
