// SPDX-License-Identifier: MIT
// What follows from the shape of a pool and of a task alone, the same on every engine.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include <clusterless/error.hpp>

#include "core/text.hpp"
#include "engine/engine.hpp"

namespace clusterless::engine {

/// "1 node", "4 nodes".
inline std::string nodes_text(int n) {
  return core::count_text(static_cast<std::uint64_t>(n), "node");
}

/// Throws `error` (misuse) when a task of this shape owns more nodes than a pool has.
inline void check_fits(const core::task_shape& shape, const pool_plan& plan) {
  if (shape.nodes > plan.nodes)
    throw error(error_kind::misuse, "a task of " + nodes_text(shape.nodes) +
                                        " does not fit into a pool of " + nodes_text(plan.nodes) +
                                        "; lower nodes_per_task or raise the nodes of the pool");
}

/// How many tasks of this shape run side by side when nothing else does.
inline std::size_t slots_of(const core::task_shape& shape, const pool_plan& plan) {
  const int side_by_side = shape.nodes > 1 ? 1 : plan.tasks_per_node;
  return static_cast<std::size_t>(plan.pools) * static_cast<std::size_t>(side_by_side) *
         static_cast<std::size_t>(plan.nodes / std::max(1, shape.nodes));
}

}  // namespace clusterless::engine
