// SPDX-License-Identifier: MIT
// How a pool finds the records of jobs, and takes up a job from one.
#include <utility>
#include <vector>

#include "client/manifests.hpp"
#include "client/pool.hpp"
#include "client/stores.hpp"

namespace clusterless::client {

std::shared_ptr<store::object_store> pool::own_store() {
  if (!store_) store_ = store_for(settings_, *accounts_).in;
  return store_;
}

std::shared_ptr<store::object_store> pool::store_of(const std::string& name) const {
  std::vector<named_store> all;
  all.push_back(store_for(settings_, *accounts_));
  if (settings_.engine != "local")
    for (auto& each : stores_to_look_in())
      if (each.name != all.front().name) all.push_back(std::move(each));
  return store_of_job(all, name).in;
}

detail::job_ptr pool::reopen(std::shared_ptr<store::object_store> in, const std::string& name,
                             const std::string& result_schema) {
  // Before the lock: it may wait for the hold of a dead client to end.
  auto taken = take_up(std::move(in), name, result_schema);
  const guard held = lock();
  check_open();
  taken.call->id = engine_->next_key();
  taken.call->lasting = engine_->tasks_outlive_client();
  taken.facts.limits.pace = engine_->pace();
  engine_->check(taken.facts.shape);
  taken.facts.call = std::move(taken.call);
  auto made = std::make_shared<job>(shared_from_this(), std::move(taken.facts),
                                    std::make_unique<recorder>(std::move(taken.record)));
  for (const auto& each : made->record()->broadcast_keys()) {
    const std::uint64_t key[2] = {each[0], each[1]};
    engine_->know_broadcast(key);
  }
  auto tasks = made->restore();
  start(made);
  adopt(made, std::move(tasks));
  feed();
  after_events();
  engine_->wake();
  return made;
}

// What else its tasks have left goes with the job.
void pool::adopt(const std::shared_ptr<job>& reopened, std::vector<engine::placed_order> tasks) {
  std::vector<std::string> places;
  for (const auto& each : reopened->record()->record().tasks())
    if (!each.place.empty()) places.push_back(each.place);
  if (places.empty() || (tasks.empty() && !engine_->tasks_outlive_client())) return;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> keys;
  for (auto& each : tasks) {
    each.order.key = engine_->next_key();
    keys.emplace_back(each.order.key, each.order.task);
  }
  try {
    engine_->adopt(reopened->about().call->id, places, std::move(tasks));
  } catch (...) {
    std::erase(running_, reopened);
    throw;
  }
  for (const auto& [key, task] : keys)
    tasks_[key] = {reopened.get(), task, 0};
}

}  // namespace clusterless::client
