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
#include "session/local_member.hpp"
#include "session/nested_map.hpp"
#include "session/remote_node.hpp"

namespace clusterless::session {

task_session::task_session(host& on, session_events& to, session_shape shape)
    : host_(on), events_(to), shape_(std::move(shape)) {
  const int workers = static_cast<int>(shape_.nodes.size()) * shape_.procs_per_node;
  member_facts facts;
  facts.count = 1 + workers;
  facts.pool = shape_.pool;
  facts.omp_threads = shape_.omp_threads;
  facts.nodes = shape_.nodes;
  remotes_.resize(shape_.nodes.size());
  for (std::size_t i = 0; i < std::min(remotes_.size(), shape_.places.size()); ++i)
    if (shape_.places[i])
      remotes_[i] = std::make_unique<remote_node>(host_, shape_.nodes[i], *shape_.places[i],
                                                  defaults::agent_patience_ns);
  for (int id = 1; id <= 1 + workers; ++id) {
    slot made;
    made.node = id == 1 ? 0 : static_cast<std::size_t>((id - 2) / shape_.procs_per_node);
    facts.id = id;
    facts.node = shape_.nodes[made.node];
    if (remotes_[made.node])
      made.process = std::make_unique<remote_member>(*remotes_[made.node], *this, facts);
    else
      made.process = std::make_unique<local_member>(host_, *this, facts);
    slots_.push_back(std::move(made));
  }
}

task_session::~task_session() = default;

// --- runs of the job ---------------------------------------------------------------------------

void task_session::start(slot& who) {
  if (who.process->alive()) return;
  who.doing.clear();
  who.late.reset();
  who.calls_known.clear();
  who.process->start();
  if (ending_) who.process->stop(ending_->run);
}

void task_session::run(const core::run_order& order) {
  slot& first = slots_.front();
  start(first);
  wire::run run{};
  run.key = order.key;
  run.root = order.key;
  run.task = order.task;
  run.attempt = static_cast<std::uint32_t>(order.attempt);
  if (!runs_.empty()) {
    const auto claims = first.process->claims();
    for (std::uint32_t i = 0; i < claims.size() && run.claim == 0; ++i) {
      std::uint64_t nobody = 0;
      if (claims[i].compare_exchange_strong(nobody, order.key)) run.claim = i + 1;
    }
  }
  send_run(first, run, *order.call, order.items);
  if (runs_.empty()) tail_.clear();
  runs_.emplace(order.key, job_run{order, 0});
  begin_first();
}

// Runs wait in the process: the one it works on is the first.
void task_session::begin_first() {
  if (runs_.empty() || find_run(slots_.front(), runs_.begin()->first) != nullptr) return;
  quiet_since_ = host_.now();
  activity doing;
  doing.run = runs_.begin()->first;
  doing.timeout = runs_.begin()->second.order.call->timeout;
  doing.item_started = quiet_since_;
  doing.root = doing.run;
  auto& all = slots_.front().doing;
  all.insert(all.begin(), doing);
}

void task_session::send_run(slot& to, wire::run run, const core::call_spec& call,
                            const core::piece& items) {
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
    to.process->send(wire::type::define_call, define, {body.data(), body.size(), {}});
  }
  run.call = call.id;
  run.first = items.first;
  run.count = items.count;
  to.process->send(wire::type::run, run,
                   {items.pack->data + items.offset, items.size, items.pack->shared},
                   items.pack->beside);
}

void task_session::lose_node(std::size_t index) {
  if (remotes_[index]) remotes_[index]->lose("it was taken away");
  for (auto& each : slots_)
    if (index == 0 || each.node == index) each.process->kill(os::own_kill::node_loss);
}

bool task_session::has_lost_nodes() const {
  return std::any_of(remotes_.begin(), remotes_.end(),
                     [](const auto& each) { return each && each->lost(); });
}

void task_session::kill_all() {
  for (auto& each : slots_)
    each.process->kill(os::own_kill::cancel);
}

void task_session::forget_call(std::uint64_t call) {
  for (auto& each : slots_)
    if (each.calls_known.erase(call) != 0 && each.process->alive())
      each.process->send(wire::type::forget_call, wire::call_key{call});
}

void task_session::forget_broadcast(const std::uint64_t (&key)[2]) {
  for (auto& each : slots_)
    if (each.process->alive())
      each.process->send(wire::type::forget_broadcast, wire::broadcast_key{{key[0], key[1]}});
}

// What the processes that worked on a run of the job have printed belongs to it.
void task_session::end_output() {
  for (auto& each : slots_)
    if (each.process->alive()) each.process->end_output();
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
  activity* doing = got ? find_run(from, got->key) : nullptr;
  if (doing == nullptr || !detail::is_pack(what.data, what.size, got->count)) {
    protocol_broken(from);
    return;
  }
  doing->begun = true;
  const auto spent = static_cast<core::nanoseconds>(got->nanoseconds);
  const auto job = runs_.find(got->key);
  if (job != runs_.end()) {
    quiet_since_ = host_.now();
    if (got->count > job->second.order.items.count - job->second.done) {
      protocol_broken(from);
      return;
    }
    job->second.done += got->count;
    if (got->last != 0) end_output();
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
  if (!got || find_run(from, got->key) == nullptr) {
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
  if (runs_.count(got->key) != 0)
    end_output();
  else
    from.process->end_output();
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
    if (map->book.stopped() && !map->closed) {
      error_info unrun;
      unrun.cause = cause::cancelled;
      unrun.message =
          "not run, because item " + std::to_string(why.item) + " failed and on_error is stop";
      close_map(*map, unrun);
    }
  }
}

void task_session::run_over(slot& by, std::uint64_t key) {
  std::erase_if(by.doing, [key](const activity& each) { return each.run == key; });
  const auto job = runs_.find(key);
  if (job != runs_.end()) {
    runs_.erase(job);
    unsure_tail_ = runs_.empty() ? std::string() : std::exchange(tail_, {});
    begin_first();
    tail_.clear();
    events_.run_ended(*this, key);
    return;
  }
  if (nested_map* map = map_of_run(key)) {
    map->book.ended(map->task_of.at(key));
    map->task_of.erase(key);
    nested_runs_.erase(key);
    settle_unrun(*map);
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
    from.process->send(wire::type::broadcast_data, *got);
    return;
  }
  const auto& bytes = found->bytes;
  from.process->send(wire::type::broadcast_data, *got, {bytes.data(), bytes.size(), bytes.shared()},
                     found->beside);
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
