// SPDX-License-Identifier: MIT
#include "client/pool.hpp"

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include <clusterless/detail/function.hpp>

#include <condition_variable>

#include "client/engines.hpp"
#include "client/manifests.hpp"
#include "client/runtime.hpp"
#include "core/checksum.hpp"
#include "core/defaults.hpp"
#include "session/function_table.hpp"

namespace clusterless::client {

namespace {

std::mutex& shared_mutex() {
  static auto* only = new std::mutex;  // outlives static destructors of the user's program
  return *only;
}

std::condition_variable& changed() {
  static auto* only = new std::condition_variable;
  return *only;
}

/// Threads that wait for something to be true; looked at after each batch of events.
std::vector<const std::function<bool()>*>& waiters() {
  static auto* only = new std::vector<const std::function<bool()>*>;
  return *only;
}

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

// What goes wrong with a record ends its job, and nothing else.
template <class Use>
void pool::with_record(job& of, Use&& use) {
  try {
    use();
  } catch (const error& caught) {
    if (of.record() == nullptr) throw;
    of.record_failed(caught);
  }
}

pool::pool(config::settings settings)
    : settings_(std::move(settings)), screen_(settings_.verbose) {}

void pool::open() {
  const guard held = lock();
  for (const auto& line : settings_.notes)
    screen_.note("Note: " + line);
  engine::pool_plan plan;
  plan.engine = settings_.engine;
  plan.pools = settings_.pools;
  plan.nodes = settings_.nodes;
  plan.procs_per_node = settings_.procs_per_node;
  plan.omp_threads = settings_.omp_threads;
  plan.startup_script = settings_.startup_script;
  engine_ = make_engine(plan, *this);
  register_pool(shared_from_this());
  driver_ = std::thread([self = shared_from_this()] { self->drive(); });
}

void pool::close_engine(const std::string& why) {
  if (closed_) return;
  closed_ = true;
  error_info info;
  info.cause = cause::cancelled;
  info.message = why;
  for (const auto& each : running_) {
    each->set_cancelled();
    each->close_input(info);
  }
  engine_->close();
  end_tasks(nullptr, info);
  after_events();
  changed().notify_all();
}

void pool::destroy() {
  guard held = lock();
  close_engine("the pool was destroyed");
  engine_->wake();
}

void pool::abandon() {
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

guard pool::lock() {
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
  if (closed_) throw error(error_kind::misuse, "this pool was destroyed; make another one");
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
  facts.options = options;
  facts.shape.nodes = options.nodes_per_task.value_or(settings_.nodes_per_task);
  facts.shape.procs_per_node = options.procs_per_node.value_or(settings_.procs_per_node);
  engine_->check(facts.shape);
  facts.limits.retries_user = options.retries.user.value_or(settings_.user_retries);
  facts.limits.retries_lost = options.retries.lost.value_or(defaults::lost_retries);
  facts.limits.items_per_task = options.items_per_task;
  facts.limits.stop_on_error = options.on_error == on_error::stop;
  facts.keep = std::move(what.keep);

  std::unique_ptr<recorder> record;
  if (!options.name.empty() || options.record) {
    call->by_reference = false;
    facts.id = options.name.empty() ? made_up_name() : options.name;
    record = std::make_unique<recorder>(
        store::job_record::create(open_store(), describe(facts, what, place, settings_, total),
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
  plan_wake();
  return made;
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
  auto hash = core::hash_content(bytes.data(), bytes.size());
  std::string rest = schema;
  for (const auto& segment : beside) {
    const auto part = core::hash_content(segment->data, segment->capacity);
    rest += core::to_hex(part);
  }
  const auto seed = core::hash_content(rest.data(), rest.size());
  key[0] = hash.high ^ seed.high;
  key[1] = hash.low ^ seed.low;
  const guard held = lock();
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

// --- driving -----------------------------------------------------------------------------------

void pool::feed_one(job& of) {
  const auto slots = engine_->slots(of.about().shape);
  while (engine_->room(of.about().shape, of.ahead()) != 0) {
    auto order = of.next_order(engine_->now(), slots);
    if (!order) return;
    order->key = engine_->next_key();
    const std::uint64_t key = order->key;
    const std::uint64_t task = order->task;
    tasks_[key] = {&of, task, 0};
    try {
      engine_->submit(std::move(*order));
    } catch (const error& caught) {
      tasks_.erase(key);
      of.ended(task);
      broken(caught.what());
      return;
    }
  }
}

void pool::feed() {
  if (closed_ || !broken_.empty()) return;
  for (const auto& each : running_)
    with_record(*each, [&] { feed_one(*each); });
}

void pool::finish_jobs() {
  for (auto it = running_.begin(); it != running_.end();) {
    if (!(*it)->is_finished()) {
      ++it;
      continue;
    }
    const auto done = *it;
    it = running_.erase(it);
    if (done->record() != nullptr) with_record(*done, [&] { done->record()->release(); });
    screen_.finished(*done, engine_->now());
    forget(done->about().call->id);
  }
}

void pool::forget(std::uint64_t call) {
  const std::lock_guard dropped(dropped_mutex_);
  dropped_calls_.push_back(call);
}

// After a batch of events: record what was settled, hand out more work, wake who waits for it.
void pool::after_events() {
  const auto now = engine_->now();
  std::vector<std::shared_ptr<job>> to_cancel;
  for (const auto& each : running_) {
    with_record(*each, [&] {
      if (each->commit(now)) to_cancel.push_back(each);
    });
    if (each->record_is_broken() && !each->cancelled()) to_cancel.push_back(each);
  }
  for (const auto& each : to_cancel)
    cancel(*each, each->record_is_broken() ? "because its record cannot be written" : "on request");
  finish_jobs();
  std::vector<std::uint64_t> calls;
  std::vector<broadcast_name> broadcasts;
  {
    const std::lock_guard dropped(dropped_mutex_);
    calls.swap(dropped_calls_);
    broadcasts.swap(dropped_broadcasts_);
  }
  if (!closed_) {
    for (const auto call : calls)
      engine_->forget_call(call);
    for (const auto& name : broadcasts) {
      const auto found = broadcasts_.find(name);
      if (found == broadcasts_.end() || !found->second.expired()) continue;
      broadcasts_.erase(found);
      const std::uint64_t key[2] = {name.first, name.second};
      engine_->forget_broadcast(key);
    }
  }
  for (const auto* each : waiters())
    if ((*each)()) {
      changed().notify_all();
      break;
    }
  wake_waiting_for_inputs(this);
}

bool pool::has_waiting_inputs() const {
  return std::any_of(running_.begin(), running_.end(),
                     [](const auto& each) { return each->waits_for_inputs(); });
}

void pool::wake() noexcept {
  engine_->wake();
}

core::nanoseconds pool::next_deadline() const {
  core::nanoseconds next = engine_->next_deadline();
  const auto at = [&next](core::nanoseconds when) {
    next = next < 0 ? when : std::min(next, when);
  };
  if (screen_.next_update() >= 0) at(screen_.next_update());
  for (const auto& each : running_) {
    if (const auto when = each->book().next_ready()) at(*when);
    if (each->record() != nullptr) at(engine_->now() + 500'000'000);
  }
  return next;
}

// The driver sleeps until a time it chose before this was submitted: wake it when that is too late.
void pool::plan_wake() {
  if (running_.empty()) return;
  core::nanoseconds wanted = engine_->now() + screen_.patience();
  const core::nanoseconds deadline = next_deadline();
  if (deadline >= 0) wanted = std::min(wanted, deadline);
  if (planned_wake_ < 0 || planned_wake_ > wanted) {
    planned_wake_ = wanted;
    engine_->wake();
  }
}

void pool::drive() {
  // Signals are for the threads of the program.
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
  guard held = lock();
  while (!closed_) {
    feed();
    after_events();
    screen_.update(running_, engine_->now());
    if (abandoned_ && running_.empty()) close_engine("the pool is gone");
    if (closed_) break;
    planned_wake_ = next_deadline();
    engine_->sleep(*this, planned_wake_, [&held](bool asleep) {
      if (asleep)
        held.unlock();
      else
        held.lock();
    });
    if (interrupted()) end_by_interrupt(held);
  }
  unregister_pool(this);
}

bool pool::wait_until(guard& held, core::nanoseconds limit_ns, const std::function<bool()>& done) {
  if (done()) return true;
  const auto start = std::chrono::steady_clock::now();
  const auto limit = std::chrono::nanoseconds(limit_ns);
  for (;;) {
    if (!closed_) {
      // Awake for a moment: an answer that comes soon is had without a system call.
      engine_->attend(true);
      const auto spin_until = engine_->now() + defaults::spin_ns;
      bool found = false;
      unsigned turns = 0;
      do {
        if (engine_->poll(*this, false)) {
          feed();
          after_events();
        }
        found = done();
        if (!found && ++turns % 64 == 0) std::this_thread::yield();
      } while (!found && !closed_ && engine_->now() < spin_until);
      engine_->attend(false);
      if (found) return true;
    }
    if (limit_ns >= 0 && std::chrono::steady_clock::now() - start >= limit) return done();
    waiters().push_back(&done);
    if (!closed_) feed();
    if (limit_ns < 0)
      changed().wait(held, done);
    else
      changed().wait_until(held, start + limit, done);
    waiters().erase(std::find(waiters().begin(), waiters().end(), &done));
    if (done()) return true;
    if (closed_ && limit_ns < 0) return done();
  }
}

// --- what the engine tells ---------------------------------------------------------------------

void pool::started(std::uint64_t key, int in_pool) {
  const auto found = tasks_.find(key);
  if (found == tasks_.end()) return;
  found->second.pool = in_pool;
  ++found->second.of->tally(in_pool).running;
}

void pool::succeeded(std::uint64_t key, std::uint64_t count, core::nanoseconds spent,
                     core::outcome_bytes pack) {
  const auto found = tasks_.find(key);
  if (found == tasks_.end()) return;
  job& of = *found->second.of;
  of.tally(found->second.pool).done += count;
  with_record(of, [&] { of.succeeded(found->second.task, count, spent, std::move(pack)); });
}

void pool::failed(std::uint64_t key, std::uint64_t unreported, error_info why) {
  const auto found = tasks_.find(key);
  if (found == tasks_.end()) return;
  job& of = *found->second.of;
  with_record(of,
              [&] { of.failed(found->second.task, unreported, std::move(why), engine_->now()); });
}

void pool::ended(std::uint64_t key) {
  const auto found = tasks_.find(key);
  if (found == tasks_.end()) return;
  --found->second.of->tally(found->second.pool).running;
  found->second.of->ended(found->second.task);
  tasks_.erase(found);
}

void pool::printed(std::uint64_t key, int in_pool, int worker, std::string_view text) {
  const auto found = tasks_.find(key);
  if (found == tasks_.end()) {
    screen_.printed("From pool " + std::to_string(in_pool) + ": ", text);
    return;
  }
  job& of = *found->second.of;
  with_record(of, [&] { of.printed(found->second.task, in_pool, worker, text); });
  if (!of.about().options.prints) return;
  std::string who;
  const auto add = [&who](const char* what, std::uint64_t number) {
    if (!who.empty()) who += ", ";
    who += what + std::to_string(number);
  };
  if (settings_.pools > 1) add("pool ", static_cast<std::uint64_t>(in_pool));
  if (of.prints_need_task() || worker == 1) add("task ", found->second.task);
  if (worker != 1) add("worker ", static_cast<std::uint64_t>(worker));
  screen_.printed("From " + who + ": ", text);
}

void pool::progress(std::uint64_t key, double fraction, std::string_view text) {
  const auto found = tasks_.find(key);
  if (found != tasks_.end()) found->second.of->set_progress(found->second.task, fraction, text);
}

void pool::note(const std::string& line) {
  screen_.note(line);
}

void pool::broken(const std::string& why) {
  broken_ = why;
  error_info info;
  info.cause = cause::exited;
  info.message = why;
  for (const auto& each : running_)
    each->close_input(info);
  end_tasks(nullptr, info);
}

// Settles what the tasks of a job (or of all) have left, and ends them.
void pool::end_tasks(const job* of, const error_info& why) {
  std::vector<std::pair<std::uint64_t, task_ref>> ending;
  for (const auto& [key, ref] : tasks_)
    if (of == nullptr || ref.of == of) ending.emplace_back(key, ref);
  for (const auto& [key, ref] : ending) {
    if (tasks_.erase(key) == 0) continue;
    --ref.of->tally(ref.pool).running;
    ref.of->settle_task(ref.task, why);
    if (!closed_) engine_->cancel(key);
  }
}

void pool::tell_retry(const job& of, const error_info& why) {
  if (of.about().options.progress != verbosity::verbose) return;
  screen_.note("Retry: " + std::string(remote_error(why).what()));
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
  engine_->close();
}

void pool::resize(int nodes) {
  const guard held = lock();
  engine_->resize(nodes);
  feed();
  engine_->wake();
}

void pool::lose_node(int in_pool, int node) {
  const guard held = lock();
  engine_->lose_node(in_pool, node);
  engine_->wake();
}

detail::job_ptr pool::reopen(const std::string& name, const std::string& result_schema) {
  const guard held = lock();
  auto taken = take_up(name, result_schema);
  taken.call->id = engine_->next_key();
  engine_->check(taken.facts.shape);
  taken.facts.call = std::move(taken.call);
  auto made = std::make_shared<job>(shared_from_this(), std::move(taken.facts),
                                    std::make_unique<recorder>(std::move(taken.record)));
  made->restore();
  start(made);
  feed();
  after_events();
  engine_->wake();
  return made;
}

}  // namespace clusterless::client
