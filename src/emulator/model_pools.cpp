// SPDX-License-Identifier: MIT
// Pools: creation, resizing, removal, automatic scaling.
#include <algorithm>
#include <cctype>
#include <cmath>

#include "emulator/autoscale.hpp"
#include "emulator/http.hpp"
#include "emulator/model.hpp"
#include "emulator/service_error.hpp"

namespace clusterless::emulator {

namespace {

constexpr ticks sample_every = 30 * one_second;  // "Automatic scaling": samples come each 30 s
constexpr std::size_t kept_samples = 2880;       // a day

/// Cores of a VM size, from the number in its name: 2 of "standard_e2s_v3".
int cores_of(const std::string& vm_size) {
  const auto underscore = vm_size.find('_');
  for (std::size_t i = underscore == std::string::npos ? 0 : underscore; i < vm_size.size(); ++i)
    if (std::isdigit(static_cast<unsigned char>(vm_size[i])) != 0)
      return std::max(1, std::atoi(vm_size.c_str() + i));
  return 1;
}

}  // namespace

pool& model::add_pool(json doc) {
  const std::string id = text_of(doc, "id");
  const std::string key = in_lower_case(id);
  if (const auto at = pools_.find(key); at != pools_.end())
    refuse(at->second->deleting ? "PoolBeingDeleted" : "PoolExists");
  if (options_.pool_quota > 0 && static_cast<int>(pools_.size()) >= options_.pool_quota)
    refuse("PoolQuotaReached");
  auto made = std::make_unique<pool>();
  pool& of = *made;
  of.id = id;
  of.created = of.modified = of.state_time = of.allocation_time = stamp();
  of.slots = static_cast<int>(number_of(doc, "taskSlotsPerNode", 1));
  of.inter_node = truth_of(doc, "enableInterNodeCommunication", false);
  of.pack = same_text(text_of(member(doc, "taskSchedulingPolicy"), "nodeFillType"), "pack");
  of.resize_timeout =
      parse_iso_duration(text_of(doc, "resizeTimeout", "PT15M")).value_or(15 * one_minute);
  of.target_dedicated = static_cast<int>(number_of(doc, "targetDedicatedNodes", 0));
  of.target_spot = static_cast<int>(number_of(doc, "targetLowPriorityNodes", 0));
  of.autoscale = truth_of(doc, "enableAutoScale", false);
  of.formula = text_of(doc, "autoScaleFormula");
  of.interval = parse_iso_duration(text_of(doc, "autoScaleEvaluationInterval", "PT15M"))
                    .value_or(15 * one_minute);
  of.doc = std::move(doc);
  pools_.emplace(key, std::move(made));
  if (of.autoscale) {
    sample(of);
    autoscale_turn(of);
  }
  set_allocation(of, allocation_state::resizing);
  const int resize = of.resizes;
  after(options_.takes.allocation, [this, key, resize] {
    const auto at = pools_.find(key);
    if (at != pools_.end() && at->second->resizes == resize) allocate(*at->second);
  });
  return of;
}

void model::touch(pool& of) {
  of.modified = stamp();
}

void model::set_allocation(pool& of, allocation_state to) {
  of.allocation = to;
  of.allocation_time = stamp();
  if (to == allocation_state::resizing) ++of.resizes;
}

void model::resize(pool& of, std::optional<int> dedicated, std::optional<int> spot, ticks timeout,
                   deallocation option) {
  if (of.deleting) refuse("PoolBeingDeleted");
  if (of.allocation != allocation_state::steady) refuse("PoolBeingResized");
  of.target_dedicated = dedicated.value_or(of.target_dedicated);
  of.target_spot = spot.value_or(of.target_spot);
  of.resize_timeout = timeout;
  of.resize_option = option;
  of.resize_errors.clear();
  touch(of);
  set_allocation(of, allocation_state::resizing);
  const std::string key = in_lower_case(of.id);
  const int resize = of.resizes;
  after(options_.takes.allocation, [this, key, resize] {
    const auto at = pools_.find(key);
    if (at != pools_.end() && at->second->resizes == resize) allocate(*at->second);
  });
}

void model::stop_resize(pool& of) {
  if (of.deleting) refuse("PoolBeingDeleted");
  if (of.allocation != allocation_state::resizing) refuse("OperationInvalidForCurrentState");
  ++of.resizes;
  touch(of);
  set_allocation(of, allocation_state::stopping);
  const std::string key = in_lower_case(of.id);
  after(options_.takes.job_end, [this, key] {
    const auto at = pools_.find(key);
    if (at == pools_.end() || at->second->allocation != allocation_state::stopping) return;
    at->second->resize_errors = {{"",
                                  "ResizeStopped",
                                  "Desired number of nodes could not be "
                                  "allocated as the resize operation was stopped",
                                  {}}};
    set_allocation(*at->second, allocation_state::steady);
  });
}

const allocation_fault* model::fault_for(const pool& of) {
  for (allocation_fault& each : allocation_faults_)
    if (each.times > 0 && (each.pool.empty() || same_text(each.pool, of.id))) {
      --each.times;
      return &each;
    }
  return nullptr;
}

void model::allocate(pool& of) {
  const allocation_fault* fault = fault_for(of);
  if (fault != nullptr && fault->delay > 0) {
    const std::string key = in_lower_case(of.id);
    const int resize = of.resizes;
    after(fault->delay, [this, key, resize] {
      const auto at = pools_.find(key);
      if (at != pools_.end() && at->second->resizes == resize) allocate(*at->second);
    });
    return;
  }
  int dedicated = of.target_dedicated;
  int spot = of.target_spot;
  if (fault != nullptr) {
    dedicated = std::min(dedicated, std::max(fault->nodes, of.count(true)));
    spot = std::min(spot, std::max(fault->nodes, of.count(false)));
    of.resize_errors.push_back({"", fault->code, fault->message, {}});
  }
  const int cores = cores_of(text_of(of.doc, "vmSize"));
  const auto limit = [&](bool kind, int& wanted, int quota, const char* code) {
    if (quota <= 0) return;
    int used = 0;
    for (const auto& [key, each] : pools_)
      if (each.get() != &of) used += each->count(kind) * cores_of(text_of(each->doc, "vmSize"));
    const int room = std::max(0, (quota - used) / cores);
    if (wanted <= room) return;
    wanted = std::max(room, std::min(wanted, of.count(kind)));
    of.resize_errors.push_back(
        {"",
         code,
         "The specified account has reached core quota",
         {{"ResizeFailure", "core quota " + std::to_string(quota) + " reached"}}});
  };
  limit(true, dedicated, options_.dedicated_core_quota, "AccountCoreQuotaReached");
  limit(false, spot, options_.spot_core_quota, "AccountLowPriorityCoreQuotaReached");
  grow(of, true, dedicated);
  grow(of, false, spot);
  shrink(of, true, of.target_dedicated);
  shrink(of, false, of.target_spot);
  check_steady(of);
}

void model::grow(pool& of, bool dedicated, int wanted) {
  for (int have = of.count(dedicated); have < wanted; ++have) {
    auto made = std::make_unique<node>();
    node& fresh = *made;
    fresh.id = node_id(dedicated);
    fresh.number = next_number();
    fresh.of = &of;
    fresh.dedicated = dedicated;
    fresh.free_slots = of.slots;
    fresh.allocated = stamp();
    of.nodes.emplace(fresh.id, std::move(made));
    boot(fresh);
  }
}

void model::shrink(pool& of, bool dedicated, int wanted) {
  std::vector<node*> chosen;
  for (const auto& [id, each] : of.nodes)
    if (each->dedicated == dedicated && !each->leaving) chosen.push_back(each.get());
  // Those with the least to lose go first.
  std::stable_sort(chosen.begin(), chosen.end(),
                   [](const node* a, const node* b) { return a->tasks.size() < b->tasks.size(); });
  const auto over = static_cast<int>(chosen.size()) - wanted;
  for (int i = 0; i < over; ++i)
    leave(*chosen[static_cast<std::size_t>(i)], of.resize_option);
}

void model::check_steady(pool& of) {
  const bool leaving = std::any_of(of.nodes.begin(), of.nodes.end(),
                                   [](const auto& each) { return each.second->leaving; });
  if (leaving) return;
  if (of.deleting) {
    if (of.nodes.empty()) {
      const std::string key = in_lower_case(of.id);
      dirty_.erase(key);
      ++revision_;
      pools_.erase(key);
    }
    return;
  }
  if (of.allocation == allocation_state::resizing) set_allocation(of, allocation_state::steady);
}

void model::remove_nodes(pool& of, const std::vector<std::string>& ids, deallocation option) {
  if (of.deleting) refuse("PoolBeingDeleted");
  if (of.allocation != allocation_state::steady) refuse("PoolBeingResized");
  std::vector<node*> chosen;
  chosen.reserve(ids.size());
  for (const std::string& id : ids)
    chosen.push_back(&find_node(of, id));
  touch(of);
  of.resize_errors.clear();
  set_allocation(of, allocation_state::resizing);
  for (node* each : chosen) {
    if (each->leaving) continue;
    --(each->dedicated ? of.target_dedicated : of.target_spot);
    leave(*each, option);
  }
  const std::string key = in_lower_case(of.id);
  after(0, [this, key] {
    const auto at = pools_.find(key);
    if (at != pools_.end()) check_steady(*at->second);
  });
}

void model::delete_pool(pool& of) {
  if (of.deleting) refuse("PoolBeingDeleted");
  of.deleting = true;
  of.state_time = stamp();
  ++of.resizes;
  ++of.autoscale_turn;
  std::vector<node*> all;
  for (const auto& [id, each] : of.nodes)
    all.push_back(each.get());
  for (node* each : all)
    if (!each->leaving) leave(*each, deallocation::requeue);
  const std::string key = in_lower_case(of.id);
  after(options_.takes.removal, [this, key] {
    const auto at = pools_.find(key);
    if (at != pools_.end()) check_steady(*at->second);
  });
}

void model::enable_autoscale(pool& of, const std::string& formula, ticks interval) {
  if (of.deleting) refuse("PoolBeingDeleted");
  if (of.allocation != allocation_state::steady) refuse("PoolBeingResized");
  if (of.autoscale && now_ - of.autoscale_enabled < options_.takes.autoscale_gap)
    refuse("TooManyEnableAutoScaleRequests");
  of.autoscale = true;
  of.autoscale_enabled = now_;
  of.formula = formula;
  of.interval = interval;
  touch(of);
  sample(of);
  autoscale_turn(of);
}

void model::disable_autoscale(pool& of) {
  if (of.deleting) refuse("PoolBeingDeleted");
  of.autoscale = false;
  ++of.autoscale_turn;
  touch(of);
}

void model::sample(pool& of) {
  double active = 0;
  double running = 0;
  for (const auto& [id, each] : jobs_) {
    if (pool_of(*each) != &of || each->state != job_state::active) continue;
    active += static_cast<double>(each->ready.size());
    running += static_cast<double>(each->placed.size());
  }
  double preempted = 0;
  for (const auto& [id, each] : of.nodes)
    preempted += each->state == node_state::preempted ? 1 : 0;
  of.samples.push_back({{"$time", static_cast<double>(now_ - unix_epoch) / one_second},
                        {"$ActiveTasks", active},
                        {"$RunningTasks", running},
                        {"$PendingTasks", active + running},
                        {"$SucceededTasks", 0},
                        {"$FailedTasks", 0},
                        {"$CurrentDedicatedNodes", of.count(true)},
                        {"$CurrentLowPriorityNodes", of.count(false) - preempted},
                        {"$PreemptedNodeCount", preempted},
                        {"$UsableNodeCount", of.count(true) + of.count(false) - preempted}});
  if (of.samples.size() > kept_samples) of.samples.erase(of.samples.begin());
  const std::string key = in_lower_case(of.id);
  const int turn = of.autoscale_turn;
  after(sample_every, [this, key, turn] {
    const auto at = pools_.find(key);
    if (at != pools_.end() && at->second->autoscale && at->second->autoscale_turn <= turn + 1)
      sample(*at->second);
  });
}

json model::evaluate(const pool& of, const std::string& formula) const {
  autoscale_inputs in;
  in.now = static_cast<double>(now_ - unix_epoch) / one_second;
  in.samples = &of.samples;
  in.sample_seconds = static_cast<double>(sample_every) / one_second;
  in.variables = {{"$TargetDedicatedNodes", of.target_dedicated},
                  {"$TargetLowPriorityNodes", of.target_spot},
                  {"$TaskSlotsPerNode", of.slots}};
  const autoscale_outcome out = run_autoscale(formula, in);
  json made{{"timestamp", iso_time(now_)}, {"results", out.results}};
  if (!out.error.empty())
    made["error"] =
        json{{"code", out.error_code}, {"message", out.error}, {"values", json::array()}};
  else
    made["$targets"] = json::array({out.dedicated, out.spot, out.option});
  return made;
}

void model::autoscale_turn(pool& of) {
  const int turn = ++of.autoscale_turn;
  const std::string key = in_lower_case(of.id);
  after(of.interval, [this, key, turn] {
    const auto at = pools_.find(key);
    if (at == pools_.end() || at->second->autoscale_turn != turn) return;
    sample(*at->second);
    autoscale_turn(*at->second);
  });
  json result = evaluate(of, of.formula);
  const json targets = member(result, "$targets");
  result.erase("$targets");
  of.autoscale_run = std::move(result);
  if (!targets.is_array()) return;
  const int dedicated = targets[0].get<int>();
  const int spot = targets[1].get<int>();
  const auto option = targets[2].get<std::string>();
  of.resize_option = option == "terminate"        ? deallocation::terminate
                     : option == "taskcompletion" ? deallocation::taskcompletion
                     : option == "retaineddata"   ? deallocation::retaineddata
                                                  : deallocation::requeue;
  if (dedicated == of.target_dedicated && spot == of.target_spot) return;
  if (of.allocation != allocation_state::steady) {
    of.target_dedicated = dedicated;
    of.target_spot = spot;
    return;
  }
  resize(of, dedicated, spot, of.resize_timeout, of.resize_option);
}

}  // namespace clusterless::emulator
