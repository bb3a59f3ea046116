// SPDX-License-Identifier: MIT
#include "engine/local/local_engine.hpp"

#include <algorithm>
#include <cstdint>

#include "core/defaults.hpp"
#include "core/text.hpp"
#include "engine/pool_shape.hpp"

namespace clusterless::engine {

local_engine::local_engine(const pool_plan& plan, events& to) : plan_(plan), to_(&to) {
  for (int pool = 1; pool <= plan_.pools; ++pool) {
    add_nodes(pool, 1, plan_.nodes);
    to_->note("Created pool " + std::to_string(pool) + " of " + std::to_string(plan_.pools) +
              " on this machine with " + nodes_text(plan_.nodes) + ".");
  }
}

local_engine::~local_engine() {
  close(true);
}

void local_engine::add_nodes(int pool, int from, int to) {
  for (int number = from; number <= to; ++number) {
    auto made = std::make_unique<node>();
    made->pool = pool;
    made->number = number;
    made->name = "pool" + std::to_string(pool) + "-node" + std::to_string(number);
    made->started = plan_.startup_script.empty();
    nodes_.push_back(std::move(made));
  }
}

void local_engine::close(bool) {
  for (auto& each : units_)
    each->session->kill_all();  // so that they end side by side
  units_.clear();
  unit_of_.clear();
  nodes_.clear();
}

// --- where tasks go ----------------------------------------------------------------------------

void local_engine::check(const core::task_shape& shape) const {
  check_fits(shape, plan_);
  check_workers(plan_.nodes, shape.procs_per_node);
}

void local_engine::check_workers(int nodes, int procs_per_node) const {
  const std::int64_t all = std::int64_t{plan_.pools} * nodes * procs_per_node;
  if (all > defaults::max_workers_per_pool)
    throw error(error_kind::misuse,
                std::to_string(nodes) + " nodes in each of " +
                    core::count_text(static_cast<std::uint64_t>(plan_.pools), "pool") + ", with " +
                    std::to_string(procs_per_node) + " workers on each node, are " +
                    std::to_string(all) + " workers, more than " +
                    std::to_string(defaults::max_workers_per_pool) +
                    " on engine \"local\"; lower nodes or procs_per_node");
}

std::size_t local_engine::slots(const core::task_shape& shape) const {
  return slots_of(shape, plan_);
}

std::size_t local_engine::free_slots(const core::task_shape& shape) const {
  std::vector<int> free(static_cast<std::size_t>(plan_.pools) + 1, 0);
  for (const auto& each : nodes_) {
    if (each->leaving) continue;
    // Nodes of idle sessions of another shape are as good as free: those are taken apart.
    const bool usable = each->in == nullptr || (each->in->idle() && !(each->in->shape == shape));
    free[static_cast<std::size_t>(each->pool)] += usable;
  }
  std::size_t slots = 0;
  for (const int count : free)
    slots += static_cast<std::size_t>(count / shape.nodes);
  return slots;
}

// A session that has lost a host goes on with what is left, and is not used again.
bool local_engine::unit::leaves() const {
  return session->has_lost_nodes() ||
         std::any_of(nodes.begin(), nodes.end(), [](const node* each) { return each->leaving; });
}

bool local_engine::unit::takes_another(core::nanoseconds now) const {
  return waiting.empty() && session->runs() == 1 &&
         now - session->quiet_since() < defaults::queue_ns && !leaves();
}

std::size_t local_engine::room(const core::task_shape& shape, bool ahead) const {
  const core::nanoseconds now = host_.now();
  std::size_t count = free_slots(shape);
  for (const auto& each : units_)
    if (each->shape == shape && !each->leaves())
      count += each->idle() || (ahead && each->takes_another(now));
  return count;
}

void local_engine::take_apart(unit* idle) {
  for (node* each : idle->nodes)
    each->in = nullptr;
  units_.remove_if([idle](const auto& each) { return each.get() == idle; });
}

local_engine::unit* local_engine::make_unit(const core::task_shape& shape) {
  for (const bool dissolve : {false, true}) {
    for (int pool = 1; pool <= plan_.pools; ++pool) {
      std::vector<node*> found;
      for (const auto& each : nodes_) {
        if (each->pool != pool || each->leaving) continue;
        if (each->in == nullptr || (dissolve && each->in->idle())) found.push_back(each.get());
        if (found.size() == static_cast<std::size_t>(shape.nodes)) break;
      }
      if (found.size() < static_cast<std::size_t>(shape.nodes)) continue;
      for (node* each : found)
        if (each->in != nullptr) take_apart(each->in);
      auto made = std::make_unique<unit>();
      made->shape = shape;
      made->nodes = found;
      session::session_shape facts;
      facts.pool = pool;
      facts.procs_per_node = shape.procs_per_node;
      facts.omp_threads = plan_.omp_threads;
      for (node* each : found)
        facts.nodes.push_back(each->name);
      if (hosts_are_separate() && found.size() > 1) {
        made->hosts = std::make_unique<separate_hosts>(host_, found.size());
        facts.places = made->hosts->places();
      }
      made->session = std::make_unique<session::task_session>(host_, *this, std::move(facts));
      for (node* each : found)
        each->in = made.get();
      units_.push_front(std::move(made));
      return units_.front().get();
    }
  }
  return nullptr;
}

// An idle session that ran last is still awake; after that new nodes, after that a queue.
local_engine::unit* local_engine::place(const core::task_shape& shape) {
  const auto first_with = [&](auto&& fits) -> unit* {
    for (auto it = units_.begin(); it != units_.end(); ++it)
      if ((*it)->shape == shape && !(*it)->leaves() && fits(**it)) {
        units_.splice(units_.begin(), units_, it);
        return units_.front().get();
      }
    return nullptr;
  };
  if (unit* idle = first_with([](unit& each) { return each.idle(); })) return idle;
  if (unit* made = make_unit(shape)) return made;
  const core::nanoseconds now = host_.now();
  if (unit* brisk = first_with([now](unit& each) { return each.takes_another(now); })) return brisk;
  // Reading the items may have taken long since room() was asked; its answer holds.
  return first_with([](unit& each) { return each.waiting.empty() && each.session->runs() == 1; });
}

bool local_engine::ready(unit& of) {
  bool all = true;
  for (node* each : of.nodes) {
    if (each->started) continue;
    all = false;
    if (!each->script)
      each->script = std::make_unique<node_start>(host_, plan_.startup_script, each->name);
  }
  return all;
}

void local_engine::submit(core::run_order order) {
  unit* where = place(order.shape);
  if (where == nullptr) throw error(error_kind::busy, "no node is free for another task");
  unit_of_[order.key] = where;
  to_->started(order.key, where->nodes.front()->pool);
  if (where->waiting.empty() && ready(*where))
    where->session->run(order);
  else
    where->waiting.push_back(std::move(order));
}

void local_engine::begin_waiting() {
  for (auto& each : nodes_) {
    if (!each->script || !each->script->over()) continue;
    const std::string failure = each->script->failure();
    each->script.reset();
    each->started = true;
    if (!failure.empty()) to_->broken(failure);
  }
  for (auto& each : units_) {
    if (each->waiting.empty() || !ready(*each)) continue;
    for (const auto& order : std::exchange(each->waiting, {}))
      each->session->run(order);
  }
}

void local_engine::cancel(std::uint64_t key) {
  const auto found = unit_of_.find(key);
  if (found == unit_of_.end()) return;
  auto& waiting = found->second->waiting;
  const auto queued = std::find_if(waiting.begin(), waiting.end(),
                                   [key](const auto& order) { return order.key == key; });
  if (queued == waiting.end()) {
    found->second->session->end_run(key);
    next_deadlines_ = 0;
    return;
  }
  waiting.erase(queued);
  unit_of_.erase(found);
  to_->ended(key);
}

void local_engine::forget_call(std::uint64_t call) {
  for (auto& each : units_)
    each->session->forget_call(call);
}

void local_engine::forget_broadcast(const std::uint64_t (&key)[2]) {
  for (auto& each : units_)
    each->session->forget_broadcast(key);
}

void local_engine::lose_node(int pool, int number) {
  for (auto& each : nodes_) {
    if (each->pool != pool || each->number != number) continue;
    to_->note("Lost " + each->name + ".");
    each->started = plan_.startup_script.empty();
    if (each->in == nullptr) return;
    const auto& of = each->in->nodes;
    const auto index = std::find(of.begin(), of.end(), each.get()) - of.begin();
    if (each->in->hosts) each->in->hosts->kill(static_cast<std::size_t>(index));
    each->in->session->lose_node(static_cast<std::size_t>(index));
    return;
  }
  throw error(error_kind::misuse,
              "there is no node " + std::to_string(number) + " in pool " + std::to_string(pool));
}

void local_engine::resize(int nodes, std::optional<int>) {
  if (nodes < 1) throw error(error_kind::misuse, "a pool has at least 1 node");
  check_workers(nodes, plan_.procs_per_node);
  for (auto& each : nodes_)
    each->leaving = each->number > nodes;
  for (int pool = 1; pool <= plan_.pools; ++pool) {
    int highest = 0;
    for (const auto& each : nodes_)
      if (each->pool == pool) highest = std::max(highest, each->number);
    add_nodes(pool, highest + 1, nodes);
  }
  plan_.nodes = nodes;
  retire_leaving();
}

void local_engine::retire_leaving() {
  for (auto it = units_.begin(); it != units_.end();) {
    unit* each = (it++)->get();
    if (each->leaves() && each->idle()) take_apart(each);
  }
  std::erase_if(nodes_, [](const auto& each) { return each->leaving && each->in == nullptr; });
}

// --- what happens ------------------------------------------------------------------------------

void local_engine::deadlines() {
  const core::nanoseconds now = host_.now();
  if (now < next_deadlines_) return;
  core::nanoseconds next = now + 1'000'000'000;
  for (auto& each : units_) {
    each->session->tick();
    // What waits behind a run that takes long may find another place.
    if (each->session->runs() > 1 && now - each->session->quiet_since() >= defaults::queue_ns)
      each->session->take_back();
    if (const auto when = each->session->next_tick()) next = std::min(next, *when);
  }
  next_deadlines_ = next;
  retire_leaving();
  begin_waiting();
}

core::nanoseconds local_engine::next_deadline() const {
  core::nanoseconds next = -1;
  const auto at = [&next](core::nanoseconds when) {
    next = next < 0 ? when : std::min(next, when);
  };
  for (const auto& each : units_) {
    if (const auto when = each->session->next_tick()) at(*when);
    if (each->session->runs() > 1 && each->session->may_take_back())
      at(each->session->quiet_since() + defaults::queue_ns);
  }
  return next;
}

bool local_engine::poll(events& to, bool thorough) {
  to_ = &to;
  const bool any = host_.poll_messages();
  if (thorough) {
    host_.poll_descriptors();
    next_deadlines_ = 0;
    deadlines();
  }
  return any;
}

void local_engine::drain_output(events& to, std::uint64_t key) {
  to_ = &to;
  const auto found = unit_of_.find(key);
  if (found != unit_of_.end()) found->second->session->drain_output();
}

void local_engine::sleep(events& to, core::nanoseconds deadline,
                         const std::function<void(bool)>& around) {
  to_ = &to;
  host_.sleep(deadline, around);
  host_.poll_messages();
  next_deadlines_ = 0;
  deadlines();
}

void local_engine::succeeded(session::task_session&, std::uint64_t key, std::uint64_t count,
                             core::nanoseconds spent, core::outcome_bytes pack) {
  to_->succeeded(key, count, spent, std::move(pack));
}

void local_engine::failed(session::task_session&, std::uint64_t key, std::uint64_t unreported,
                          error_info why) {
  to_->failed(key, unreported, std::move(why));
}

void local_engine::run_ended(session::task_session&, std::uint64_t key) {
  unit_of_.erase(key);
  to_->ended(key);
}

void local_engine::unusable(session::task_session&, const std::string& why) {
  to_->broken(why);
}

void local_engine::printed(session::task_session& in, int worker, std::uint64_t key,
                           std::string_view text) {
  to_->printed(key, in.shape().pool, worker, text);
}

void local_engine::progress(session::task_session&, std::uint64_t key, double fraction,
                            std::string_view text) {
  to_->progress(key, fraction, text);
}

const core::broadcast_bytes* local_engine::find_broadcast(const std::uint64_t (&key)[2]) {
  return to_->find_broadcast(key);
}

}  // namespace clusterless::engine
