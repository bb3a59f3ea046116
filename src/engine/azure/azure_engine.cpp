// SPDX-License-Identifier: MIT
#include "engine/azure/azure_engine.hpp"

#include <poll.h>

#include <algorithm>
#include <cstring>

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

void azure_engine::submit(core::run_order order) {
  if (closed_) throw error(error_kind::busy, "the pool is closed");
  const auto needs = broadcasts_in(order);
  for (const auto& each : needs) {
    if (!sent_.insert(each).second) continue;
    const std::uint64_t key[2] = {each.first, each.second};
    if (const auto* value = to_->find_broadcast(key))
      service_->send_broadcast(
          each, std::make_shared<const std::vector<std::byte>>(task::encode_broadcast(*value)));
  }
  const auto pool =
      static_cast<std::size_t>(std::min_element(load_.begin(), load_.end()) - load_.begin());
  ++load_[pool];
  pool_of_[order.key] = pool;
  service_->submit(pool, std::move(order), needs);
}

void azure_engine::cancel(std::uint64_t key) {
  const auto found = pool_of_.find(key);
  if (found != pool_of_.end()) service_->cancel(found->second, key);
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
