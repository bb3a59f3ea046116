// SPDX-License-Identifier: MIT
#include "session/task_session.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include <clusterless/codec.hpp>
#include <clusterless/detail/client.hpp>
#include <clusterless/detail/pack.hpp>

#include "core/defaults.hpp"
#include "core/text.hpp"
#include "session/nested_map.hpp"

namespace clusterless::session {

task_session::task_session(host& on, session_events& to, session_shape shape)
    : host_(on), events_(to), shape_(std::move(shape)) {
  const int workers = static_cast<int>(shape_.nodes.size()) * shape_.procs_per_node;
  member_facts facts;
  facts.count = 1 + workers;
  facts.pool = shape_.pool;
  facts.omp_threads = shape_.omp_threads;
  facts.nodes = shape_.nodes;
  for (int id = 1; id <= 1 + workers; ++id) {
    slot made;
    made.node = id == 1 ? 0 : static_cast<std::size_t>((id - 2) / shape_.procs_per_node);
    facts.id = id;
    facts.node = shape_.nodes[made.node];
    made.process = std::make_unique<member>(host_, *this, facts);
    slots_.push_back(std::move(made));
  }
}

task_session::~task_session() = default;

// --- runs of the job ---------------------------------------------------------------------------

void task_session::run(const core::run_order& order) {
  slot& first = slots_.front();
  if (!first.process->alive()) {
    first.doing.clear();
    first.calls_known.clear();
    first.process->start();
    first.process->link().area().stop.store(stop_);
  }
  if (runs_.empty()) tail_.clear();
  send_run(first, order.key, *order.call, order.items, order.task, order.attempt, 0);
  activity doing;
  doing.run = order.key;
  doing.timeout = order.call->timeout;
  doing.item_started = host_.now();
  // Runs queue up in the process: the one it works on is the first.
  if (first.doing.empty()) first.doing.push_back(doing);
  runs_.emplace(order.key, job_run{order, 0});
}

void task_session::send_run(slot& to, std::uint64_t key, const core::call_spec& call,
                            const core::piece& items, std::uint64_t task, int attempt,
                            std::uint32_t depth) {
  os::channel& link = to.process->link();
  if (to.calls_known.insert(call.id).second) {
    wire::define_call define{};
    define.call = call.id;
    define.entry_offset = call.entry_offset;
    define.target_offset = call.target_offset;
    define.max_item_bytes = call.max_item_bytes;
    define.by_reference = call.by_reference;
    define.env_bytes = static_cast<std::uint32_t>(call.env.size());
    std::vector<std::byte> body(call.env.size() + call.bound.size());
    if (!call.env.empty()) std::memcpy(body.data(), call.env.data(), call.env.size());
    if (!call.bound.empty())
      std::memcpy(body.data() + call.env.size(), call.bound.data(), call.bound.size());
    link.send(wire::type::define_call, define, {body.data(), body.size(), {}});
  }
  wire::run run{};
  run.key = key;
  run.call = call.id;
  run.first = items.first;
  run.count = items.count;
  run.task = task;
  run.attempt = static_cast<std::uint32_t>(attempt);
  run.depth = depth;
  link.send(wire::type::run, run, {items.pack->data + items.offset, items.size, items.pack->shared},
            items.pack->beside);
}

void task_session::end_run(std::uint64_t key) {
  if (runs_.count(key) == 0) return;
  request_stop(true);
  if (!kill_at_) kill_at_ = host_.now() + defaults::stop_grace_ns;
}

void task_session::stopped() {
  if (!kill_at_) return;
  kill_at_.reset();
  request_stop(false);
}

void task_session::request_stop(bool stop) {
  stop_ = stop;
  for (auto& each : slots_)
    if (each.process->alive()) each.process->link().area().stop.store(stop);
}

void task_session::lose_node(std::size_t index) {
  for (auto& each : slots_)
    if (index == 0 || each.node == index) each.process->kill(os::own_kill::node_loss);
}

void task_session::kill_all() {
  for (auto& each : slots_)
    each.process->kill(os::own_kill::cancel);
}

void task_session::forget_call(std::uint64_t call) {
  for (auto& each : slots_)
    if (each.calls_known.erase(call) != 0 && each.process->alive())
      each.process->link().send(wire::type::forget_call, wire::call_key{call});
}

void task_session::forget_broadcast(const std::uint64_t (&key)[2]) {
  for (auto& each : slots_)
    if (each.process->alive())
      each.process->link().send(wire::type::forget_broadcast,
                                wire::broadcast_key{{key[0], key[1]}});
}

void task_session::drain_output() {
  for (auto& each : slots_)
    each.process->drain_output();
}

std::size_t task_session::processes_alive() const {
  return static_cast<std::size_t>(std::count_if(
      slots_.begin(), slots_.end(), [](const slot& each) { return each.process->alive(); }));
}

std::uint64_t task_session::current_job_run() const {
  return runs_.empty() ? 0 : runs_.begin()->first;
}

// --- messages ----------------------------------------------------------------------------------

bool task_session::protocol_broken(slot& by) {
  by.process->kill(os::own_kill::none);
  return false;
}

void task_session::received(member& from, os::message& what) {
  slot& who = slot_of(from);
  switch (what.type) {
    case wire::type::ready:
      break;
    case wire::type::outcomes:
      on_outcomes(who, what);
      break;
    case wire::type::item_failed:
      on_item_failed(who, what);
      break;
    case wire::type::nested_begin:
      on_nested_begin(who, what);
      break;
    case wire::type::nested_items:
      on_nested_items(who, what);
      break;
    case wire::type::nested_end:
      on_nested_end(who, what);
      break;
    case wire::type::progress:
      on_progress(who, what);
      break;
    case wire::type::want_broadcast:
      on_want_broadcast(who, what);
      break;
    default:
      protocol_broken(who);
      break;
  }
}

void task_session::on_outcomes(slot& from, os::message& what) {
  const auto got = wire::fixed_part<wire::outcomes>(what.fixed, what.fixed_size);
  if (!got || from.doing.empty() || from.doing.back().run != got->key ||
      !detail::is_pack(what.data, what.size, got->count)) {
    protocol_broken(from);
    return;
  }
  const auto spent = static_cast<core::nanoseconds>(got->nanoseconds);
  const auto job = runs_.find(got->key);
  if (job != runs_.end()) {
    if (got->count > job->second.order.items.count - job->second.done) {
      protocol_broken(from);
      return;
    }
    job->second.done += got->count;
    if (got->last != 0) from.process->drain_output();
    if (got->count != 0)
      events_.succeeded(*this, got->key, got->count, spent,
                        {what.data, what.size, what.shared, std::move(what.beside)});
  } else if (nested_map* map = map_of_run(got->key)) {
    const core::piece rest = map->book.rest_of(map->task_of.at(got->key));
    if (got->count > rest.count) {
      protocol_broken(from);
      return;
    }
    map->book.succeeded(map->task_of.at(got->key), got->count, spent);
    if (got->count != 0) map->pass_on(*this, rest.first, got->count, what);
  }
  if (got->last != 0) run_over(from, got->key);
}

void task_session::on_item_failed(slot& from, os::message& what) {
  const auto got = wire::fixed_part<wire::item_failed>(what.fixed, what.fixed_size);
  if (!got || from.doing.empty() || from.doing.back().run != got->key) {
    protocol_broken(from);
    return;
  }
  error_info info;
  try {
    info = detail::decode_error(what.data, what.size);
  } catch (const error&) {
    protocol_broken(from);
    return;
  }
  from.process->drain_output();
  item_failed(got->key, 0, std::move(info));
  run_over(from, got->key);
}

void task_session::item_failed(std::uint64_t key, std::uint64_t unreported, error_info why) {
  why.output = core::last_lines(tail_.empty() ? unsure_tail_ : tail_, defaults::error_tail_lines);
  const auto job = runs_.find(key);
  if (job != runs_.end()) {
    const auto& order = job->second.order;
    if (unreported >= order.items.count - job->second.done) return;
    why.item = order.items.first + job->second.done + unreported;
    job->second.done = order.items.count;  // whatever is left is run by another run
    events_.failed(*this, key, unreported, std::move(why));
    return;
  }
  if (nested_map* map = map_of_run(key)) {
    const std::uint64_t task = map->task_of.at(key);
    const core::piece rest = map->book.rest_of(task);
    if (unreported >= rest.count) return;
    why.item = rest.first + unreported;
    if (map->book.failed(task, why.cause, host_.now(), unreported))
      nested_error(*map, why.item, why);
    if (map->book.stopped()) map->settle_unrun(*this);
  }
}

void task_session::run_over(slot& by, std::uint64_t key) {
  if (!by.doing.empty() && by.doing.back().run == key) by.doing.pop_back();
  const auto job = runs_.find(key);
  if (job != runs_.end()) {
    runs_.erase(job);
    unsure_tail_ = runs_.empty() ? std::string() : std::exchange(tail_, {});
    if (!runs_.empty() && by.doing.empty()) {
      activity next;
      next.run = runs_.begin()->first;
      next.timeout = runs_.begin()->second.order.call->timeout;
      next.item_started = host_.now();
      by.doing.push_back(next);
    }
    tail_.clear();
    if (runs_.empty()) stopped();
    events_.run_ended(*this, key);
    return;
  }
  if (nested_map* map = map_of_run(key)) {
    map->book.ended(map->task_of.at(key));
    if (map->book.stopped()) map->settle_unrun(*this);
    map->task_of.erase(key);
    nested_runs_.erase(key);
  }
  give_nested_work();
}

void task_session::on_progress(slot& from, os::message& what) {
  const auto got = wire::fixed_part<wire::progress>(what.fixed, what.fixed_size);
  if (!got) {
    protocol_broken(from);
    return;
  }
  events_.progress(*this, current_job_run(), std::clamp(got->fraction, 0.0, 1.0),
                   {reinterpret_cast<const char*>(what.data), what.size});
}

void task_session::on_want_broadcast(slot& from, os::message& what) {
  const auto got = wire::fixed_part<wire::broadcast_key>(what.fixed, what.fixed_size);
  if (!got) {
    protocol_broken(from);
    return;
  }
  const core::broadcast_bytes* found = events_.find_broadcast(got->key);
  if (found == nullptr) {
    from.process->link().send(wire::type::broadcast_data, *got);
    return;
  }
  const auto& bytes = found->bytes;
  from.process->link().send(wire::type::broadcast_data, *got,
                            {bytes.data(), bytes.size(), bytes.shared()}, found->beside);
}

void task_session::printed(member& by, std::string_view text) {
  const slot& who = slot_of(by);
  if (!who.doing.empty() && who.doing.back().run != 0)
    if (nested_map* map = map_of_run(who.doing.back().run)) map->book.one_at_a_time();
  tail_ += text;
  if (tail_.size() > 2 * defaults::output_tail)
    tail_.erase(0, tail_.size() - defaults::output_tail);
  events_.printed(*this, by.facts().id, current_job_run(), text);
}

}  // namespace clusterless::session
