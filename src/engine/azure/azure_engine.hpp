// SPDX-License-Identifier: MIT
// The engine that runs tasks on Azure Batch, with Blob storage between client and nodes. One thread
// of its own speaks to the services; the client hands over tasks and takes what has happened,
// without ever waiting for a request.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/azure/outbox.hpp"
#include "engine/azure/task_place.hpp"
#include "engine/engine.hpp"

namespace clusterless::engine {

class azure_service;

class azure_engine final : public engine {
 public:
  /// Throws `error` (misuse) when the plan has no account, or asks for what Batch cannot do.
  azure_engine(const pool_plan& plan, events& to);
  ~azure_engine() override;

  int pools() const override { return plan_.pools; }
  int nodes() const override { return plan_.nodes; }
  void check(const core::task_shape& shape) const override;
  std::size_t room(const core::task_shape& shape, bool ahead) const override;
  std::size_t slots(const core::task_shape& shape) const override;
  core::task_pace pace() const override;
  void submit(core::run_order order) override;
  bool tasks_outlive_client() const override { return true; }
  std::string place_for(const core::run_order& order) override;
  void adopt(std::uint64_t call, const std::vector<std::string>& places,
             std::vector<placed_order>&& tasks) override;
  void cancel(std::uint64_t key) override;
  void forget_call(std::uint64_t call) override;
  void know_broadcast(const std::uint64_t (&key)[2]) override;
  void forget_broadcast(const std::uint64_t (&key)[2]) override;
  std::uint64_t next_key() override { return ++last_key_; }
  core::nanoseconds now() const override;
  bool poll(events& to, bool thorough) override;
  void drain_output(events&, std::uint64_t) override {}
  void sleep(events& to, core::nanoseconds deadline,
             const std::function<void(bool)>& around) override;
  void wake() override { outbox_.ring(); }
  int bell() const override { return outbox_.bell(); }
  void attend(bool) override {}
  void leave(core::nanoseconds) override {}
  bool attended() const override { return false; }
  core::nanoseconds next_deadline() const override { return -1; }
  void resize(int nodes, std::optional<int> spot_nodes) override;
  void lose_node(int pool, int node) override;
  void close(bool remove) override;
  std::vector<std::string> settle() override;

 private:
  using broadcast_key = std::pair<std::uint64_t, std::uint64_t>;
  /// Throws `error` (misuse) when the text names none, or one that this pool has no credentials of.
  task_place known_place(const std::string& text) const;
  std::size_t pool_for(std::uint64_t key);
  /// The run that a task of this call belongs to.
  const std::string& run_of(const core::call_spec& call);
  std::vector<broadcast_key> broadcasts_in(const core::run_order& order) const;
  std::vector<broadcast_key> send_broadcasts(const core::run_order& order,
                                             const std::string& container);
  void deliver(events& to);

  pool_plan plan_;
  events* to_;
  outbox outbox_;
  std::unique_ptr<azure_service> service_;
  std::uint64_t last_key_ = 0;
  std::unordered_map<std::uint64_t, std::size_t> pool_of_;  ///< of tasks that are not over
  std::vector<std::size_t> load_;                           ///< tasks a pool
  std::set<broadcast_key> broadcasts_;
  std::set<std::pair<std::string, broadcast_key>> sent_;                 ///< to which container
  std::unordered_map<std::uint64_t, std::string> runs_;                  ///< of lasting calls
  std::unordered_map<std::uint64_t, std::vector<std::string>> adopted_;  ///< containers, by call
  bool closed_ = false;
};

}  // namespace clusterless::engine
