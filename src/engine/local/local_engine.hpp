// SPDX-License-Identifier: MIT
// The engine of this machine: a node is a name for a group of worker processes. Tasks go to
// sessions over their nodes; sessions are kept for the next task of the same shape, and taken apart
// when another shape needs their nodes.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/defaults.hpp"
#include "engine/engine.hpp"
#include "engine/local/node_start.hpp"
#include "engine/local/separate_hosts.hpp"
#include "session/host.hpp"
#include "session/task_session.hpp"

namespace clusterless::engine {

class local_engine final : public engine, public session::session_events {
 public:
  local_engine(const pool_plan& plan, events& to);
  ~local_engine() override;

  int pools() const override { return plan_.pools; }
  int nodes() const override { return plan_.nodes; }
  void check(const core::task_shape& shape) const override;
  std::size_t room(const core::task_shape& shape, bool ahead) const override;
  std::size_t slots(const core::task_shape& shape) const override;
  core::task_pace pace() const override { return {defaults::pack_ns, 8}; }
  void submit(core::run_order order) override;
  void cancel(std::uint64_t key) override;
  void forget_call(std::uint64_t call) override;
  void know_broadcast(const std::uint64_t (&)[2]) override {}
  void forget_broadcast(const std::uint64_t (&key)[2]) override;
  std::uint64_t next_key() override { return host_.next_key(); }
  core::nanoseconds now() const override { return host_.now(); }
  bool poll(events& to, bool thorough) override;
  void drain_output(events& to, std::uint64_t key) override;
  void sleep(events& to, core::nanoseconds deadline,
             const std::function<void(bool)>& around) override;
  void wake() override { host_.wake(); }
  int bell() const override { return host_.bell_fd(); }
  void attend(bool begin) override { host_.attend(begin); }
  void leave(core::nanoseconds back_by) override { host_.leave(back_by); }
  bool attended() const override { return host_.somebody_is_back_soon(); }
  core::nanoseconds next_deadline() const override;
  void resize(int nodes, std::optional<int> spot_nodes) override;
  void lose_node(int pool, int number) override;
  void close(bool remove) override;
  std::vector<std::string> settle() override { return {}; }

 private:
  /// Throws `error` when so many workers are more than one machine is asked for.
  void check_workers(int nodes, int procs_per_node) const;
  struct unit;
  struct node {
    int pool = 1;
    int number = 1;
    std::string name = {};
    unit* in = nullptr;
    bool started = false;
    bool leaving = false;  ///< goes when its task is over
    std::unique_ptr<node_start> script = {};
  };
  /// A session and what waits for its nodes to be ready.
  struct unit {
    core::task_shape shape = {};
    std::vector<node*> nodes = {};
    std::unique_ptr<separate_hosts> hosts = {};
    std::unique_ptr<session::task_session> session = {};
    std::vector<core::run_order> waiting = {};
    /// Whether a second run may wait behind one that is likely to be over soon.
    bool takes_another(core::nanoseconds now) const;
    bool leaves() const;
    bool idle() const { return waiting.empty() && session->idle(); }
  };

  void add_nodes(int pool, int from, int to);
  std::size_t free_slots(const core::task_shape& shape) const;
  unit* make_unit(const core::task_shape& shape);
  unit* place(const core::task_shape& shape);
  bool ready(unit& of);
  void take_apart(unit* idle);
  void begin_waiting();
  void retire_leaving();
  void deadlines();

  void succeeded(session::task_session& in, std::uint64_t key, std::uint64_t count,
                 core::nanoseconds spent, core::outcome_bytes pack) override;
  void failed(session::task_session& in, std::uint64_t key, std::uint64_t unreported,
              error_info why) override;
  void run_ended(session::task_session& in, std::uint64_t key) override;
  void unusable(session::task_session& in, const std::string& why) override;
  void printed(session::task_session& in, int worker, std::uint64_t key,
               std::string_view text) override;
  void progress(session::task_session& in, std::uint64_t key, double fraction,
                std::string_view text) override;
  const core::broadcast_bytes* find_broadcast(const std::uint64_t (&key)[2]) override;

  pool_plan plan_;
  session::host host_;
  events* to_;
  std::vector<std::unique_ptr<node>> nodes_;
  std::list<std::unique_ptr<unit>> units_;  ///< the most recently used first
  std::unordered_map<std::uint64_t, unit*> unit_of_;
  core::nanoseconds next_deadlines_ = 0;
};

}  // namespace clusterless::engine
