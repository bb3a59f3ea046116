// SPDX-License-Identifier: MIT
#include "engine/azure/plan_check.hpp"

#include <cstdint>
#include <memory>
#include <utility>

#include "core/defaults.hpp"
#include "engine/azure/environment_account.hpp"
#include "engine/pool_shape.hpp"

namespace clusterless::engine {

namespace {

// Of pools; what else the engine names has its own ending, before which names are cut.
void check_names(const pool_plan& plan) {
  const std::string last = pool_name(plan, static_cast<std::size_t>(plan.pools) - 1);
  if (last.size() > defaults::max_id_length)
    throw error(error_kind::misuse,
                "the pool " + last + " would have a name of " + std::to_string(last.size()) +
                    " characters, and Azure Batch takes " +
                    std::to_string(defaults::max_id_length) + "; shorten \"_POOL_ID\"");
}

}  // namespace

std::string pool_name(const pool_plan& plan, std::size_t at) {
  return plan.pool_id + '_' + std::to_string(at + 1);
}

pool_wish shape_of(const pool_plan& plan) {
  pool_wish wanted;
  wanted.vm_size = plan.vm_size;
  if (plan.image_id.empty())
    wanted.image = {plan.os_publisher, plan.os_offer, plan.os_sku, {}, {}};
  else
    wanted.image.image_id = plan.image_id;
  wanted.inter_node = plan.inter_node.value_or(false);
  wanted.tasks_per_node = plan.tasks_per_node;
  wanted.containers = !plan.container.empty();
  wanted.registry = {plan.registry_server, plan.registry_user, plan.registry_password};
  return wanted;
}

void check_size(const pool_plan& plan, int nodes, int procs_per_node) {
  if (nodes < 1) throw error(error_kind::misuse, "a pool has at least 1 node");
  if (std::int64_t{nodes} * procs_per_node > defaults::max_workers_per_pool)
    throw error(error_kind::misuse, nodes_text(nodes) + " in a pool, with " +
                                        std::to_string(procs_per_node) +
                                        " workers on each, are more than " +
                                        std::to_string(defaults::max_workers_per_pool) +
                                        " workers; lower nodes or procs_per_node");
  if (*plan.inter_node && nodes > max_inter_node)
    throw error(error_kind::misuse,
                "Azure Batch has at most " + std::to_string(max_inter_node) +
                    " nodes in a pool whose nodes reach each other, and this one is to have " +
                    std::to_string(nodes) + "; lower nodes, or make more pools");
}

void complete(pool_plan& plan) {
  if (!plan.accounts || plan.accounts->empty()) {
    std::vector<core::cloud_account> one;
    one.push_back(account_from_environment());
    plan.accounts = std::make_shared<const std::vector<core::cloud_account>>(std::move(one));
  }
  // Programs that share a pool may want different numbers of nodes for a task.
  if (!plan.inter_node) plan.inter_node = plan.nodes <= max_inter_node && plan.tasks_per_node == 1;
  check_names(plan);
  check_size(plan, plan.nodes, plan.procs_per_node);
}

}  // namespace clusterless::engine
