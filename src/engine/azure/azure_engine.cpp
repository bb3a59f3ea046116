// SPDX-License-Identifier: MIT
#include "engine/azure/azure_engine.hpp"

#include <poll.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "core/defaults.hpp"
#include "engine/azure/azure_service.hpp"
#include "engine/azure/plan_check.hpp"
#include "engine/azure/pool_formula.hpp"
#include "engine/pool_shape.hpp"
#include "os/steady_clock.hpp"
#include "task/task_plan.hpp"

namespace clusterless::engine {

namespace {

// Until it is known how long items take, tasks are small; a queue of them would be a bad bargain.
constexpr core::nanoseconds learning_ns = 5'000'000'000;
constexpr std::size_t longest_queue = 20'000;
constexpr core::task_pace batch_pace = {30'000'000'000, 64};

std::string task_id(std::uint64_t key) {
  return "t" + std::to_string(key);
}

bool holds(const std::byte* from, std::size_t n, const std::uint64_t (&key)[2]) {
  return from != nullptr && ::memmem(from, n, key, sizeof key) != nullptr;
}

}  // namespace

azure_engine::azure_engine(const pool_plan& plan, events& to) : plan_(plan), to_(&to) {
  complete(plan_);
  load_.assign(static_cast<std::size_t>(plan_.pools), 0);
  service_ = std::make_unique<azure_service>(plan_, outbox_);
}

azure_engine::~azure_engine() {
  close(false);
}

core::nanoseconds azure_engine::now() const {
  return os::steady_ns();
}

void azure_engine::check(const core::task_shape& shape) const {
  check_fits(shape, plan_);
  if (shape.nodes > 1 && plan_.tasks_per_node > 1)
    throw error(error_kind::misuse,
                "a task of " + nodes_text(shape.nodes) +
                    " needs nodes to itself, and on those of "
                    "this pool " +
                    std::to_string(plan_.tasks_per_node) +
                    " tasks run side by side; set pool_options.tasks_per_node to 1");
  if (shape.nodes > 1 && !*plan_.inter_node)
    throw error(error_kind::misuse,
                "a task of " + nodes_text(shape.nodes) +
                    " needs a pool whose nodes reach each other; set \"_INTER_NODE_CONNECTION\" "
                    "to \"1\", or pool_options.nodes_per_task");
  check_size(plan_, plan_.nodes, shape.procs_per_node);
}

std::size_t azure_engine::slots(const core::task_shape& shape) const {
  return slots_of(shape, plan_);
}

std::size_t azure_engine::room(const core::task_shape& shape, bool) const {
  if (closed_) return 0;
  const core::nanoseconds first = service_->first_run();
  const bool learned = first != 0 && now() - first > learning_ns;
  const std::size_t most = learned ? longest_queue : std::max<std::size_t>(16, 3 * slots(shape));
  return pool_of_.size() < most ? most - pool_of_.size() : 0;
}

core::task_pace azure_engine::pace() const {
  return batch_pace;
}

std::vector<azure_engine::broadcast_key> azure_engine::broadcasts_in(
    const core::run_order& order) const {
  std::vector<broadcast_key> found;
  for (const auto& each : broadcasts_) {
    const std::uint64_t key[2] = {each.first, each.second};
    const auto& bound = order.call->bound;
    const auto& items = order.items;
    if (holds(bound.data(), bound.size(), key) ||
        (items.pack && holds(items.pack->data + items.offset, items.size, key)))
      found.push_back(each);
  }
  return found;
}

std::vector<azure_engine::broadcast_key> azure_engine::send_broadcasts(
    const core::run_order& order, const std::string& container) {
  auto needs = broadcasts_in(order);
  for (const auto& each : needs) {
    if (!sent_.insert({container, each}).second) continue;
    const std::uint64_t key[2] = {each.first, each.second};
    if (const auto* value = to_->find_broadcast(key))
      service_->send_broadcast(
          container, each,
          std::make_shared<const std::vector<std::byte>>(task::encode_broadcast(*value)));
  }
  return needs;
}

std::size_t azure_engine::pool_for(std::uint64_t key) {
  const auto pool =
      static_cast<std::size_t>(std::min_element(load_.begin(), load_.end()) - load_.begin());
  const auto [found, is_new] = pool_of_.try_emplace(key, pool);
  if (is_new) ++load_[pool];
  return found->second;
}

const std::string& azure_engine::run_of(const core::call_spec& call) {
  if (!call.lasting) return service_->own_run();
  auto& run = runs_[call.id];
  if (run.empty()) run = make_run_id();
  return run;
}

std::string azure_engine::place_for(const core::run_order& order) {
  if (closed_) throw error(error_kind::busy, "the pool is closed");
  task_place place = service_->place_in(pool_for(order.key), run_of(*order.call), order.priority);
  place.task = task_id(order.key);
  return to_text(place);
}

void azure_engine::submit(core::run_order order) {
  if (closed_) throw error(error_kind::busy, "the pool is closed");
  const std::string& run = run_of(*order.call);
  auto needs = send_broadcasts(order, run_container(plan_.blob_container, run));
  const std::size_t pool = pool_for(order.key);
  const std::string id = task_id(order.key);
  service_->submit(pool, run, id, std::move(order), std::move(needs));
}

void azure_engine::adopt(std::uint64_t call, const std::vector<std::string>& places,
                         std::vector<placed_order>&& tasks) {
  std::map<std::string, task_place> jobs;
  for (const auto& text : places) {
    const task_place found = known_place(text);
    jobs.emplace(found.job, found);
  }
  std::vector<task_place> all;
  for (const auto& [job, found] : jobs) {
    all.push_back(found);
    adopted_[call].push_back(found.container);
  }
  std::vector<azure_service::adopted_task> those;
  for (auto& each : tasks) {
    task_place found = known_place(each.place);
    const auto pool = std::clamp(found.pool_number, 1, plan_.pools) - 1;
    ++load_[static_cast<std::size_t>(pool)];
    pool_of_[each.order.key] = static_cast<std::size_t>(pool);
    auto needs = send_broadcasts(each.order, found.container);
    those.push_back({std::move(found), std::move(each.order), std::move(needs)});
  }
  service_->adopt(std::move(all), std::move(those));
}

task_place azure_engine::known_place(const std::string& text) const {
  const auto found = parse_place(text);
  if (!found || !service_->knows(*found))
    throw error(error_kind::misuse,
                "tasks of this job are in " +
                    (found ? "the account " + found->batch_url : "another service") +
                    ", which this pool has no credentials of; reopen the job with those it was "
                    "made with, or end its tasks with them: `clusterless cancel`");
  return *found;
}

void azure_engine::forget_call(std::uint64_t call) {
  std::vector<std::string> containers;
  if (const auto own = runs_.find(call); own != runs_.end())
    containers.push_back(run_container(plan_.blob_container, own->second));
  if (const auto others = adopted_.find(call); others != adopted_.end())
    containers.insert(containers.end(), others->second.begin(), others->second.end());
  runs_.erase(call);
  adopted_.erase(call);
  if (containers.empty()) return;
  std::erase_if(sent_, [&](const auto& each) {
    return std::find(containers.begin(), containers.end(), each.first) != containers.end();
  });
  service_->end_runs(std::move(containers));
}

void azure_engine::cancel(std::uint64_t key) {
  if (pool_of_.contains(key)) service_->cancel(key);
}

void azure_engine::know_broadcast(const std::uint64_t (&key)[2]) {
  broadcasts_.insert({key[0], key[1]});
}

void azure_engine::forget_broadcast(const std::uint64_t (&key)[2]) {
  broadcasts_.erase({key[0], key[1]});
}

void azure_engine::deliver(events& to) {
  to_ = &to;
  const auto [told, over] = outbox_.take();
  for (const auto& tell : told)
    if (!closed_) tell(to);
  for (const auto key : over)
    if (const auto found = pool_of_.find(key); found != pool_of_.end()) {
      --load_[found->second];
      pool_of_.erase(found);
    }
}

bool azure_engine::poll(events& to, bool) {
  if (outbox_.empty()) return false;
  deliver(to);
  return true;
}

void azure_engine::sleep(events& to, core::nanoseconds deadline,
                         const std::function<void(bool)>& around) {
  around(true);
  if (outbox_.empty()) {
    pollfd bell{outbox_.bell(), POLLIN, 0};
    timespec limit{};
    if (deadline >= 0) {
      const core::nanoseconds left = std::max<core::nanoseconds>(0, deadline - now());
      limit = {static_cast<time_t>(left / 1'000'000'000), static_cast<long>(left % 1'000'000'000)};
    }
    ::ppoll(&bell, 1, deadline >= 0 ? &limit : nullptr, nullptr);
  }
  around(false);
  outbox_.silence();
  deliver(to);
}

void azure_engine::resize(int nodes, std::optional<int> spot_nodes) {
  if (!plan_.formula.empty())
    throw error(
        error_kind::misuse,
        "the pool scales itself by pool_options.autoscale_formula; make a pool with another "
        "formula to change it");
  if (spot_nodes && (*spot_nodes < 0 || *spot_nodes > nodes))
    throw error(error_kind::misuse, std::to_string(*spot_nodes) + " spot nodes of " +
                                        nodes_text(nodes) + "; give 0 to as many as the nodes");
  check_size(plan_, nodes, plan_.procs_per_node);
  pool_size size = resized({plan_.nodes - plan_.spot_nodes, plan_.spot_nodes}, nodes);
  if (spot_nodes) size = {nodes - *spot_nodes, *spot_nodes};
  plan_.nodes = nodes;
  plan_.spot_nodes = size.spot;
  service_->resize(size);
}

void azure_engine::lose_node(int pool, int node) {
  if (pool < 1 || pool > plan_.pools || node < 1 || node > plan_.nodes)
    throw error(error_kind::misuse,
                "there is no node " + std::to_string(node) + " in pool " + std::to_string(pool));
  service_->lose_node(static_cast<std::size_t>(pool) - 1, node);
}

void azure_engine::close(bool remove) {
  if (std::exchange(closed_, true)) return;
  service_->close(remove);
}

std::vector<std::string> azure_engine::settle() {
  service_->wait();
  return outbox_.left();
}

}  // namespace clusterless::engine
