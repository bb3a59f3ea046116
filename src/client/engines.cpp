// SPDX-License-Identifier: MIT
#include "client/engines.hpp"

#include <unistd.h>

#include <algorithm>

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
    azure.max_workers = defaults::max_count * defaults::max_workers_per_pool;
    made->push_back(azure);
    return made;
  }();
  return *all;
}

std::unique_ptr<engine::engine> make_engine(const engine::pool_plan& plan, engine::events& to) {
  if (plan.engine == "local") return std::make_unique<engine::local_engine>(plan, to);
  if (plan.engine == "azure") return std::make_unique<engine::azure_engine>(plan, to);
  throw error(error_kind::unsupported, "this build has no engine '" + plan.engine + "'");
}

}  // namespace clusterless::client
