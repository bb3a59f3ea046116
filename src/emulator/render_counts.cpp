// SPDX-License-Identifier: MIT
// How many tasks and nodes are in which state.
#include "emulator/render.hpp"

namespace clusterless::emulator {

json counts_document(const job& of) {
  std::int64_t active = 0, running = 0, active_slots = 0, running_slots = 0, completed_slots = 0,
               succeeded_slots = 0;
  for (const auto& [key, each] : of.tasks) {
    if (each->state == task_state::active) {
      ++active;
      active_slots += each->slots;
    } else if (each->state == task_state::completed) {
      completed_slots += each->slots;
      succeeded_slots += each->succeeded.value_or(false) ? each->slots : 0;
    } else {
      ++running;
      running_slots += each->slots;
    }
  }
  return {{"taskCounts",
           {{"active", active},
            {"running", running},
            {"completed", of.completed},
            {"succeeded", of.succeeded},
            {"failed", of.completed - of.succeeded}}},
          {"taskSlotCounts",
           {{"active", active_slots},
            {"running", running_slots},
            {"completed", completed_slots},
            {"succeeded", succeeded_slots},
            {"failed", completed_slots - succeeded_slots}}}};
}

json node_counts_document(const pool& of) {
  static constexpr std::pair<const char*, node_state> states[] = {
      {"creating", node_state::creating},
      {"idle", node_state::idle},
      {"offline", node_state::offline},
      {"preempted", node_state::preempted},
      {"rebooting", node_state::rebooting},
      {"reimaging", node_state::reimaging},
      {"running", node_state::running},
      {"starting", node_state::starting},
      {"startTaskFailed", node_state::starttaskfailed},
      {"leavingPool", node_state::leavingpool},
      {"unknown", node_state::unknown},
      {"unusable", node_state::unusable},
      {"waitingForStartTask", node_state::waitingforstarttask}};
  json made{{"poolId", of.id}};
  for (const bool dedicated : {true, false}) {
    json counts = json::object();
    int total = 0;
    for (const auto& [name, state] : states) {
      int n = 0;
      for (const auto& [id, each] : of.nodes)
        n += each->dedicated == dedicated && each->state == state ? 1 : 0;
      counts[name] = n;
      total += n;
    }
    counts["total"] = total;
    made[dedicated ? "dedicated" : "lowPriority"] = std::move(counts);
  }
  return made;
}

}  // namespace clusterless::emulator
