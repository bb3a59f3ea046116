// SPDX-License-Identifier: MIT
// What can be said of a plan before any service is asked. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "engine/azure/pool_check.hpp"
#include "engine/engine.hpp"

namespace clusterless::engine {

// The service's limit for pools whose nodes reach each other.
inline constexpr int max_inter_node = 100;

/// Sets what was left to us, and throws `error` (misuse) for what Azure Batch cannot do.
void complete(pool_plan& plan);
/// Throws `error` (misuse) for a number of nodes, or of processes on them, that cannot be.
void check_size(const pool_plan& plan, int nodes, int procs_per_node);

/// What its pools are to be, but for the start task.
pool_wish shape_of(const pool_plan& plan);
/// "<_POOL_ID>_1" of the first pool.
std::string pool_name(const pool_plan& plan, std::size_t at);

}  // namespace clusterless::engine
