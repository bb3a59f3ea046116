// SPDX-License-Identifier: MIT
// Tasks that go on when the client that handed them out has died, as a job's journal keeps them:
// which items each has and where the engine finds it. Written before a task is handed out, so that
// none can run that the record does not know of.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/item_states.hpp"
#include "store/store.hpp"

namespace clusterless::store {

struct placed_task {
  item_range items = {};
  std::uint64_t task = 0;        ///< its number, as users know it
  std::uint32_t user_tries = 0;  ///< attempts at its first item that failed before, by whose fault
  std::uint32_t lost_tries = 0;
  std::string place = {};  ///< the engine's words for where it is; empty: in no task
};

/// A task that still owes outcomes.
struct open_task {
  placed_task what = {};
  std::vector<item_range> owed = {};  ///< in order; not those that a later task has
};

std::vector<std::byte> encode_tasks(const std::vector<placed_task>& tasks);
/// Adds the tasks to `into`; false, and nothing added, when the bytes are no such list.
bool decode_tasks(bytes from, std::vector<placed_task>& into);

/// Which of `tasks`, in the order they were recorded, owe outcomes: of several that have an item
/// the last one does.
std::vector<open_task> open_tasks(const std::vector<placed_task>& tasks, const item_states& states);

}  // namespace clusterless::store
