// SPDX-License-Identifier: MIT
// How a pool is driven: handing out work, taking in what the engine tells, sleeping, waking.
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <utility>

#include "client/pool.hpp"
#include "client/runtime.hpp"
#include "client/waiting.hpp"
#include "core/defaults.hpp"
#include "session/directories.hpp"

namespace clusterless::client {

// --- driving -----------------------------------------------------------------------------------

void pool::feed_one(job& of) {
  if (of.about().call->lasting) return feed_lasting(of);
  const auto slots = engine_->slots(of.about().shape);
  while (engine_->room(of.about().shape, of.ahead()) != 0) {
    auto order = of.next_order(engine_->now(), slots);
    if (!order) return;
    order->key = engine_->next_key();
    const std::uint64_t key = order->key;
    const std::uint64_t task = order->task;
    tasks_[key] = {&of, task, 0};
    of.commit_inputs();
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

// Tasks that outlive this process are in the record before they can run.
void pool::feed_lasting(job& of) {
  const auto slots = engine_->slots(of.about().shape);
  std::vector<core::run_order> orders;
  std::vector<store::placed_task> placed;
  while (engine_->room(of.about().shape, of.ahead()) != 0) {
    auto order = of.next_order(engine_->now(), slots);
    if (!order) break;
    order->key = engine_->next_key();
    tasks_[order->key] = {&of, order->task, 0};
    placed.push_back(of.placed(*order, engine_->place_for(*order)));
    orders.push_back(std::move(*order));
  }
  if (orders.empty()) return;
  of.record()->placed(placed);
  for (auto& each : orders)
    engine_->submit(std::move(each));
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
  wake_waiters();
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
  wake_by(wanted);
}

void pool::wake_by(core::nanoseconds when) {
  if (planned_wake_ >= 0 && planned_wake_ <= when) return;
  planned_wake_ = when;
  engine_->wake();
}

// A thread that runs one short item after the other holds the lock nearly all the time. To block on
// it would make it wake the driver, in vain, whenever it lets go.
void pool::lock_behind_others(guard& held) const {
  while (!held.try_lock()) {
    if (!engine_->attended()) return held.lock();
    std::this_thread::sleep_for(std::chrono::nanoseconds(defaults::away_ns));
  }
}

void pool::drive() {
  // Signals are for the threads of the program, but for that of a write of this one: with its
  // reader gone the program ends, whichever thread was writing.
  sigset_t all;
  ::sigfillset(&all);
  ::sigdelset(&all, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
  static std::once_flag once;
  std::call_once(once, [] { session::remove_left_directories(); });
  guard held = lock();
  while (!closed_) {
    feed();
    after_events();
    screen_.update(running_, engine_->now());
    if (abandoned_ && running_.empty()) close_engine("the pool is gone", false);
    if (closed_) break;
    planned_wake_ = next_deadline();
    // What it was woken to plan may be over already: it wakes by itself while somebody goes on so.
    if (engine_->attended()) {
      const core::nanoseconds look = engine_->now() + defaults::look_ns;
      planned_wake_ = planned_wake_ < 0 ? look : std::min(planned_wake_, look);
    }
    engine_->sleep(*this, planned_wake_, [&](bool asleep) {
      if (asleep)
        held.unlock();
      else
        lock_behind_others(held);
    });
    if (interrupted()) end_by_interrupt(held);
  }
  unregister_pool(this);
  held.unlock();
  tell_left();
}

bool pool::wait_until(guard& held, core::nanoseconds limit_ns, const std::function<bool()>& done) {
  if (done()) return true;
  using clock = std::chrono::steady_clock;
  const auto until =
      limit_ns < 0 ? clock::time_point::max() : clock::now() + std::chrono::nanoseconds(limit_ns);
  core::nanoseconds began = -1;  // asked for when it has taken a while
  for (;;) {
    if (!closed_) {
      // Awake for a moment: an answer that comes soon is had without a system call.
      engine_->attend(true);
      bool found = false;
      spin_.begin();
      while (!found && !closed_) {
        if (engine_->poll(*this, false)) {
          feed();
          after_events();
          found = done();
        } else if (spin_.again()) {
          const auto now = engine_->now();
          if (began < 0) began = now;
          if (now - began >= spin_ns_) break;
        }
      }
      if (found) spin_.answered();
      // Who has had the answer to a lone item is likely to come with another. To wake the driver
      // for each answer costs ten times as much, and then it is in the way.
      if (found && running_.empty())
        engine_->leave(engine_->now() + defaults::away_ns);
      else
        engine_->attend(false);
      if (found) return true;
    }
    if (limit_ns >= 0 && clock::now() >= until) return done();
    waiters().push_back(&done);
    if (!closed_) {
      feed();
      if (const auto when = engine_->next_deadline(); when >= 0) wake_by(when);
    }
    if (limit_ns < 0)
      changed().wait(held, done);
    else
      changed().wait_until(held, until, done);
    waiters().erase(std::find(waiters().begin(), waiters().end(), &done));
    if (!closed_) {
      const bool just_missed = engine_->now() - began < defaults::long_spin_ns;
      spin_ns_ = just_missed ? defaults::long_spin_ns : defaults::spin_ns;
    }
    if (done()) return true;
    if (closed_ && limit_ns < 0) return done();
  }
}

// --- what the engine tells ---------------------------------------------------------------------

void pool::started(std::uint64_t key, int in_pool) {
  const auto found = tasks_.find(key);
  if (found == tasks_.end() || found->second.pool != 0) return;
  found->second.pool = in_pool;
  ++found->second.of->tally(in_pool).running;
}

std::uint64_t pool::items_running(const job& of) const {
  std::uint64_t items = 0;
  for (const auto& [key, ref] : tasks_)
    if (ref.of == &of && ref.pool != 0) items += of.book().rest_of(ref.task).count;
  return items;
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
  ending_.erase(key);
  const auto found = tasks_.find(key);
  if (found == tasks_.end()) return;
  if (found->second.pool != 0) --found->second.of->tally(found->second.pool).running;
  found->second.of->ended(found->second.task);
  tasks_.erase(found);
}

void pool::printed(std::uint64_t key, int in_pool, int worker, std::string_view text) {
  if (const auto found = tasks_.find(key); found != tasks_.end()) {
    job& of = *found->second.of;
    with_record(of, [&] { text = of.printed(found->second.task, in_pool, worker, text); });
    if (!text.empty()) show_lines(of, found->second.task, in_pool, worker, text);
  } else if (const auto ending = ending_.find(key); ending != ending_.end()) {
    const auto of = ending->second.of.lock();
    if (!of) return;
    of->printed_at_end(ending->second.task, ending->second.first, ending->second.count, text);
    show_lines(*of, ending->second.task, in_pool, worker, text);
  }
}

void pool::show_lines(const job& of, std::uint64_t task, int in_pool, int worker,
                      std::string_view text) {
  if (!of.about().options.prints) return;
  std::string who;
  const auto add = [&who](const char* what, std::uint64_t number) {
    if (!who.empty()) who += ", ";
    who += what + std::to_string(number);
  };
  if (settings_.pools > 1) add("pool ", static_cast<std::uint64_t>(in_pool));
  if (of.prints_need_task() || worker == 1) add("task ", task);
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
    if (ref.pool != 0) --ref.of->tally(ref.pool).running;
    const core::piece rest = ref.of->book().rest_of(ref.task);
    if (!closed_) ending_[key] = {ref.of->weak_from_this(), ref.task, rest.first, rest.count};
    ref.of->settle_task(ref.task, why);
    if (!closed_) engine_->cancel(key);
  }
}

void pool::tell_retry(const job& of, const error_info& why) {
  if (of.about().options.progress != verbosity::verbose) return;
  screen_.note("Retry: " + std::string(remote_error(why).what()));
}

}  // namespace clusterless::client
