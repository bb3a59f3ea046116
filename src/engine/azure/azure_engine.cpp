// SPDX-License-Identifier: MIT
#include "engine/azure/azure_engine.hpp"

#include <poll.h>

#include <algorithm>
#include <cstring>

#include "core/defaults.hpp"
#include "core/text.hpp"
#include "engine/azure/azure_service.hpp"
#include "engine/azure/environment_account.hpp"
#include "task/task_plan.hpp"

namespace clusterless::engine {

namespace {

// The service's limit for pools whose nodes reach each other.
constexpr int max_inter_node = 100;
// Until it is known how long items take, tasks are small; a queue of them would be a bad bargain.
constexpr core::nanoseconds learning_ns = 5'000'000'000;
constexpr std::size_t longest_queue = 20'000;
constexpr core::task_pace batch_pace = {30'000'000'000, 64};

std::string nodes_text(int n) {
  return core::count_text(static_cast<std::uint64_t>(n), "node");
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

bool holds(const std::byte* from, std::size_t n, const std::uint64_t (&key)[2]) {
  return from != nullptr && ::memmem(from, n, key, sizeof key) != nullptr;
}

}  // namespace

azure_engine::azure_engine(const pool_plan& plan, events& to) : plan_(plan), to_(&to) {
  if (!plan_.accounts || plan_.accounts->empty()) {
    std::vector<core::cloud_account> one;
    one.push_back(account_from_environment());
    plan_.accounts = std::make_shared<const std::vector<core::cloud_account>>(std::move(one));
  }
  // Programs that share a pool may want different numbers of nodes for a task.
  if (!plan_.inter_node) plan_.inter_node = plan_.nodes <= max_inter_node;
  check_size(plan_, plan_.nodes, plan_.procs_per_node);
  load_.assign(static_cast<std::size_t>(plan_.pools), 0);
  service_ = std::make_unique<azure_service>(plan_, outbox_);
}

azure_engine::~azure_engine() {
  close(false);
}

core::nanoseconds azure_engine::now() const {
  return steady_now();
}

void azure_engine::check(const core::task_shape& shape) const {
  if (shape.nodes > plan_.nodes)
    throw error(error_kind::misuse, "a task of " + nodes_text(shape.nodes) +
                                        " does not fit into a pool of " + nodes_text(plan_.nodes) +
                                        "; lower nodes_per_task or raise the nodes of the "
                                        "pool");
  if (shape.nodes > 1 && !*plan_.inter_node)
    throw error(error_kind::misuse,
                "a task of " + nodes_text(shape.nodes) +
                    " needs a pool whose nodes reach each other; set \"_INTER_NODE_CONNECTION\" "
                    "to \"1\", or pool_options.nodes_per_task");
  check_size(plan_, plan_.nodes, shape.procs_per_node);
}

std::size_t azure_engine::slots(const core::task_shape& shape) const {
  return static_cast<std::size_t>(plan_.pools) *
         static_cast<std::size_t>(plan_.nodes / std::max(1, shape.nodes));
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

namespace {

/// Passes events on and sees which tasks are over.
class counting_events final : public events {
 public:
  counting_events(events& to, std::unordered_map<std::uint64_t, std::size_t>& pool_of,
                  std::vector<std::size_t>& load)
      : to_(to), pool_of_(pool_of), load_(load) {}
  void started(std::uint64_t key, int pool) override { to_.started(key, pool); }
  void succeeded(std::uint64_t key, std::uint64_t count, core::nanoseconds spent,
                 core::outcome_bytes pack) override {
    to_.succeeded(key, count, spent, std::move(pack));
  }
  void failed(std::uint64_t key, std::uint64_t unreported, error_info why) override {
    to_.failed(key, unreported, std::move(why));
  }
  void ended(std::uint64_t key) override {
    const auto found = pool_of_.find(key);
    if (found != pool_of_.end()) {
      --load_[found->second];
      pool_of_.erase(found);
    }
    to_.ended(key);
  }
  void printed(std::uint64_t key, int pool, int worker, std::string_view text) override {
    to_.printed(key, pool, worker, text);
  }
  void progress(std::uint64_t key, double fraction, std::string_view text) override {
    to_.progress(key, fraction, text);
  }
  void note(const std::string& line) override { to_.note(line); }
  void broken(const std::string& why) override { to_.broken(why); }
  const core::broadcast_bytes* find_broadcast(const std::uint64_t (&key)[2]) override {
    return to_.find_broadcast(key);
  }

 private:
  events& to_;
  std::unordered_map<std::uint64_t, std::size_t>& pool_of_;
  std::vector<std::size_t>& load_;
};

}  // namespace

void azure_engine::deliver(events& to) {
  to_ = &to;
  counting_events counted(to, pool_of_, load_);
  for (const auto& tell : outbox_.take())
    if (!closed_) tell(counted);
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

void azure_engine::resize(int nodes) {
  check_size(plan_, nodes, plan_.procs_per_node);
  plan_.nodes = nodes;
  service_->resize(nodes);
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

void azure_engine::settle() {
  service_->wait();
}

}  // namespace clusterless::engine
