// SPDX-License-Identifier: MIT
#include "client/pool.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

#include <clusterless/detail/function.hpp>

#include "client/engines.hpp"
#include "client/manifests.hpp"
#include "client/runtime.hpp"
#include "client/waiting.hpp"
#include "core/checksum.hpp"
#include "core/defaults.hpp"
#include "core/text.hpp"
#include "session/function_table.hpp"

namespace clusterless::client {

namespace {

std::string environment_block(const map_options& options) {
  std::string block;
  for (const auto& [name, value] : options.env) {
    if (name.empty() || name.find('=') != std::string::npos ||
        name.find('\0') != std::string::npos || value.find('\0') != std::string::npos)
      throw error(error_kind::misuse,
                  "map_options.env: '" + name + "' cannot be an environment variable");
    block += name + '=' + value;
    block += '\0';
  }
  return block;
}

std::string unlike_any_other() {
  static const std::string process = made_up_name();
  static std::atomic<std::uint64_t> count{0};
  return process + std::to_string(++count);
}

void check_options(const map_options& options) {
  const auto at_least_one = [](const std::optional<int>& value, const char* what) {
    if (value && *value < 1)
      throw error(error_kind::misuse, std::string("map_options.") + what + " is " +
                                          std::to_string(*value) + "; it must be at least 1");
  };
  at_least_one(options.nodes_per_task, "nodes_per_task");
  at_least_one(options.procs_per_node, "procs_per_node");
  if (options.timeout.count() < 0)
    throw error(error_kind::misuse, "map_options.timeout is negative; 0 means no limit");
  if (options.retries.user.value_or(0) < 0 || options.retries.lost.value_or(0) < 0)
    throw error(error_kind::misuse, "map_options.retries: a number of retries is negative");
}

}  // namespace

pool::pool(config::settings settings, engine_accounts accounts)
    : settings_(std::move(settings)), accounts_(std::move(accounts)), screen_(settings_.verbose) {}

void pool::open() {
  const guard held = lock();
  for (const auto& line : settings_.notes)
    screen_.note("Note: " + line);
  engine_ = make_engine(plan_of(settings_, accounts_), *this);
  register_pool(shared_from_this());
  driver_ = std::thread([self = shared_from_this()] { self->drive(); });
}

void pool::close_engine(const std::string& why, bool remove) {
  if (closed_) return;
  closed_ = true;
  error_info info;
  info.cause = cause::cancelled;
  info.message = why;
  for (const auto& each : running_) {
    each->set_cancelled();
    each->close_input(info);
  }
  engine_->close(remove);
  end_tasks(nullptr, info);
  after_events();
  changed().notify_all();
}

void pool::destroy() {
  {
    const guard held = lock();
    close_engine("the pool was destroyed", true);
    engine_->wake();
  }
  tell_left();
}

// What could not be removed; the lock must not be held.
void pool::tell_left() {
  const auto left = engine_->settle();
  if (left.empty()) return;
  const guard held = lock();
  for (const auto& each : left)
    screen_.warn("Left behind: " + each + ".");
}

void pool::abandon() {
  if (made_in_ != process_generation()) {
    // The nodes are those of the process this one was forked from: nothing here may end them.
    new std::shared_ptr<pool>(shared_from_this());
    return;
  }
  {
    const guard held = lock();
    abandoned_ = true;
    const auto jobs = running_;
    for (const auto& each : jobs)
      if (each.use_count() == 2) cancel(*each, "because its pool and all its handles are gone");
    engine_->wake();
    if (!running_.empty() && !closed_) {
      driver_.detach();  // it ends with the last job
      return;
    }
  }
  driver_.join();
}

guard pool::lock() const {
  if (reading_range::now())
    throw error(error_kind::misuse,
                "an input range used a pool or job while it was read; read what it needs before");
  if (made_in_ != process_generation())
    throw error(error_kind::misuse,
                "this process was forked from the one that made the pool, and cannot use it or its "
                "jobs; make another pool here");
  return guard(shared_mutex());
}

int pool::pools() const {
  const guard held = lock();
  return engine_->pools();
}

int pool::nodes() const {
  const guard held = lock();
  return engine_->nodes();
}

// --- submitting --------------------------------------------------------------------------------

std::shared_ptr<job> pool::make_job(detail::call& what, const map_options& options,
                                    std::optional<std::uint64_t> total) {
  check_options(options);
  check_open();
  if (!broken_.empty()) throw error(error_kind::failed, broken_);
  const auto place = session::place_of(what.function, what.target);
  auto call = std::make_shared<core::call_spec>();
  call->id = engine_->next_key();
  call->entry_offset = place.entry_offset;
  call->target_offset = place.target_offset;
  call->max_item_bytes =
      options.max_item_bytes != 0 ? options.max_item_bytes : defaults::max_item_bytes;
  call->env = environment_block(options);
  call->bound.assign(what.bound.data(), what.bound.data() + what.bound.size());
  call->timeout = options.timeout.count();

  job_facts facts;
  facts.function = what.function;
  facts.options = options;
  facts.shape.nodes = options.nodes_per_task.value_or(settings_.nodes_per_task);
  facts.shape.procs_per_node = options.procs_per_node.value_or(settings_.procs_per_node);
  engine_->check(facts.shape);
  facts.limits.retries_user = options.retries.user.value_or(settings_.user_retries);
  facts.limits.retries_lost = options.retries.lost.value_or(defaults::lost_retries);
  facts.limits.items_per_task = options.items_per_task;
  facts.limits.stop_on_error = options.on_error == on_error::stop;
  facts.limits.pace = engine_->pace();
  facts.keep = std::move(what.keep);

  std::unique_ptr<recorder> record;
  if (!options.name.empty() || options.record) {
    call->by_reference = false;
    call->lasting = engine_->tasks_outlive_client();
    facts.id = options.name.empty() ? made_up_name() : options.name;
    record = std::make_unique<recorder>(
        store::job_record::create(own_store(), describe(facts, what, place, settings_, total),
                                  {what.bound.data(), what.bound.size()}));
  } else {
    facts.id = "job-" + std::to_string(++last_job_);
  }
  facts.call = std::move(call);
  return std::make_shared<job>(shared_from_this(), std::move(facts), std::move(record));
}

detail::job_ptr pool::submit(detail::call what, detail::item_source* now,
                             std::unique_ptr<detail::item_source> later,
                             const map_options& options) {
  guard held = lock();
  const auto total = now != nullptr ? now->size() : later->size();
  auto made = make_job(what, options, total);
  start(made);
  if (now == nullptr && made->record() != nullptr && later->at_hand()) now = later.get();
  if (now != nullptr) {
    const auto wait = [&] { changed().wait_for(held, std::chrono::milliseconds(5)); };
    try {
      made->drain(
          *now, [this] { feed(); }, wait);
    } catch (...) {
      cancel(*made, "because its input could not be read");
      throw;
    }
  } else {
    made->keep_source(std::move(later));
  }
  feed();
  after_events();
  // More than the lone item of one who runs one after the other is for the driver to look after.
  if (total != 1u || running_.size() > 1) engine_->attend(false);
  plan_wake();
  return made;
}

void pool::check_open() const {
  if (closed_) throw error(error_kind::misuse, "this pool was destroyed; make another one");
}

void pool::start(const std::shared_ptr<job>& made) {
  const auto before = std::find_if(running_.begin(), running_.end(), [&](const auto& each) {
    return each->about().options.priority < made->about().options.priority;
  });
  running_.insert(before, made);
}

void pool::revive(const std::shared_ptr<job>& finished) {
  if (closed_) throw error(error_kind::misuse, "the pool of this job is gone");
  start(finished);
  feed();
  after_events();
  engine_->wake();
}

std::shared_ptr<const void> pool::broadcast(detail::buffer bytes, detail::segment_list beside,
                                            const std::string& schema, std::uint64_t (&key)[2]) {
  const auto hash = core::hash_content(bytes.data(), bytes.size());
  std::string rest = schema;
  // The bytes name what lies beside them, and names are used again with other contents. To hash the
  // contents would take longer than to share them.
  if (!beside.empty()) rest += unlike_any_other();
  const auto seed = core::hash_content(rest.data(), rest.size());
  key[0] = hash.high ^ seed.high;
  key[1] = hash.low ^ seed.low;
  const guard held = lock();
  check_open();
  auto& known = broadcasts_[{key[0], key[1]}];
  if (auto same = known.lock()) return same;
  const broadcast_name name{key[0], key[1]};
  std::shared_ptr<const core::broadcast_bytes> shared(
      new core::broadcast_bytes{{key[0], key[1]}, std::move(bytes), std::move(beside)},
      [self = weak_from_this(), name](const core::broadcast_bytes* gone) {
        delete gone;
        const auto alive = self.lock();
        if (!alive) return;
        const std::lock_guard dropped(alive->dropped_mutex_);
        alive->dropped_broadcasts_.push_back(name);
      });
  known = shared;
  engine_->know_broadcast(key);
  return shared;
}

const core::broadcast_bytes* pool::find_broadcast(const std::uint64_t (&key)[2]) {
  const broadcast_name name{key[0], key[1]};
  const auto found = broadcasts_.find(name);
  if (found != broadcasts_.end())
    if (const auto held = found->second.lock()) return held.get();
  // A job that was taken up again has its broadcasts in its record.
  for (const auto& each : running_) {
    if (each->record() == nullptr) continue;
    if (auto stored = each->record()->broadcast(key)) {
      broadcasts_[name] = stored;
      each->keep(stored);
      return stored.get();
    }
  }
  return nullptr;
}

// --- handling ----------------------------------------------------------------------------------

void pool::cancel(job& which, const std::string& by) {
  if (which.is_finished()) return;
  which.set_cancelled();
  error_info why;
  why.cause = cause::cancelled;
  why.message = "the job was cancelled " + by;
  which.close_input(why);
  end_tasks(&which, why);
  engine_->wake();  // it may have to kill what does not stop
  after_events();
}

void pool::interrupt() {
  const auto jobs = running_;
  for (const auto& each : jobs)
    screen_.interrupted(*each);
  for (const auto& each : jobs)
    if (each->record() != nullptr) each->record()->commit(engine_->now(), true);
  running_.clear();
  tasks_.clear();
  closed_ = true;
  engine_->close(false);
  for (const auto& each : engine_->settle())
    screen_.warn("Left behind: " + each + ".");
}

void pool::resize(int nodes, std::optional<int> spot_nodes) {
  const guard held = lock();
  check_open();
  for (const auto& each : running_)
    if (each->about().shape.nodes > nodes)
      throw error(error_kind::misuse,
                  "the pool cannot shrink to " +
                      core::count_text(static_cast<std::uint64_t>(nodes), "node") + ": tasks of " +
                      each->id() + " take " + std::to_string(each->about().shape.nodes) +
                      " each; wait for it or cancel it");
  engine_->resize(nodes, spot_nodes);
  feed();
  engine_->wake();
}

void pool::lose_node(int in_pool, int node) {
  const guard held = lock();
  engine_->lose_node(in_pool, node);
  engine_->wake();
}

}  // namespace clusterless::client
