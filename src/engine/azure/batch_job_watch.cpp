// SPDX-License-Identifier: MIT
// How the tasks of a job are watched, and how what they leave is fetched.
#include <algorithm>
#include <utility>

#include "azure/blob_transfer.hpp"
#include "azure/text.hpp"
#include "core/defaults.hpp"
#include "engine/azure/batch_job.hpp"
#include "task/task_main.hpp"

namespace clusterless::engine {

using namespace azure;

namespace {

constexpr int fetches = 16;                              // of logs, at once
constexpr std::size_t small_log = std::size_t{1} << 20;  // bytes; larger ones come in parts
constexpr std::int64_t tail_after_ms = 500;              // tasks that run so long are looked into
constexpr std::int64_t tail_every_ms = 1000;
constexpr const char* state_time_select = "id,state,stateTransitionTime,executionInfo,nodeInfo";

}  // namespace

// --- watching ----------------------------------------------------------------------------------

// The longer nothing has changed, the longer the next question waits.
void batch_job::plan_poll() {
  if (poll_planned_ || polling_ || closing_ || by_id_.empty()) return;
  poll_planned_ = true;
  const std::int64_t quiet = now_ms() - last_change_ms_;
  const std::int64_t wait = std::clamp<std::int64_t>(quiet / 8, 20, 10'000);
  on().later(wait, [this] {
    poll_planned_ = false;
    poll();
  });
}

void batch_job::poll() {
  if (polling_ || closing_ || by_id_.empty()) return;
  polling_ = true;
  batch::list_options which;
  which.select = state_time_select;
  // What changed a moment before the last answer may have become visible after it. Now and then
  // all is asked for, in case a change went by unseen.
  const bool sweep =
      std::exchange(sweep_next_, false) || cursor_.empty() || now_ms() - last_sweep_ms_ > 60'000;
  if (sweep)
    last_sweep_ms_ = now_ms();
  else
    which.filter = "stateTransitionTime ge DateTime'" + cursor_ + "'";
  batch::all_pages<batch::task_info>(
      [this](const auto& options, auto then) {
        in_.batch().list_tasks(plan_.id, options, std::move(then));
      },
      which,
      [this, sweep](result<std::vector<batch::task_info>> got) {
        polling_ = false;
        if (closing_) return;
        if (!got) {
          sweep_next_ = sweep_next_ || sweep;
          if (got.error().kind() != error_kind::busy || ++failed_polls_ > 20)
            return call_failed(got.error());
        } else {
          failed_polls_ = 0;
          polled(got.value());
        }
        plan_poll();
      });
}

void batch_job::polled(const std::vector<batch::task_info>& changed) {
  for (const auto& each : changed) {
    if (each.state_changed_ms > cursor_ms_) {
      cursor_ms_ = each.state_changed_ms;
      cursor_ = iso_time(cursor_ms_ / 1000 - 2);
    }
    const auto found = by_id_.find(each.id);
    if (found == by_id_.end()) continue;
    const auto task = found->second;  // seeing it may take it out of the table
    saw(task, each);
  }
  collect_more();
  tail();
  if (running() == 0 && !by_id_.empty() && now_ms() >= next_look_ms_ &&
      now_ms() - last_change_ms_ > 1000) {
    next_look_ms_ =
        now_ms() + std::clamp<std::int64_t>((now_ms() - last_change_ms_) / 4, 1000, 30'000);
    tell_.nothing_runs();
    look_at_job();
    look_at_preparations();
  }
}

// Tasks wait for ever in a job that somebody has ended.
void batch_job::look_at_job() {
  in_.batch().get_job(plan_.id, [this](result<std::optional<batch::job_info>> got) {
    if (!got || closing_) return;  // asked again by and by
    const auto now = got->has_value() ? got->value().state : batch::job_state::deleting;
    switch (now) {
      case batch::job_state::deleting:
        return break_down(deleted_job(plan_.id));
      case batch::job_state::terminating:
      case batch::job_state::completed:
        return break_down(ended_job(plan_.id));
      case batch::job_state::disabling:
      case batch::job_state::disabled:
        if (std::exchange(told_disabled_, true)) return;
        return to_.put([id = plan_.id](events& e) {
          e.note("Job " + id +
                 " was disabled by somebody else: its tasks wait until it is enabled (az batch job "
                 "enable --job-id " +
                 id + ").");
        });
      default:
        told_disabled_ = false;
    }
  });
}

// Tasks wait for ever for nodes that could not fetch the program.
void batch_job::look_at_preparations() {
  batch::list_options which;
  in_.batch().list_preparations(
      plan_.id, which, [this](result<batch::page<batch::node_preparation>> got) {
        if (!got || closing_) return;
        const auto& all = got->items;
        const auto failed = std::find_if(all.begin(), all.end(), [](const auto& each) {
          return each.prepared && each.preparation == batch::task_result::failure;
        });
        const bool any_good = std::any_of(all.begin(), all.end(), [](const auto& each) {
          return each.preparation == batch::task_result::success;
        });
        if (failed == all.end() || any_good) return;
        std::string why =
            "node " + failed->node + " of pool " + plan_.pool + " could not fetch the program";
        if (failed->preparation_failure) {
          const auto& what = failed->preparation_failure->what;
          why += ": " + what.message + " (" + what.code + ")";
          for (const auto& [name, value] : what.values)
            if (name.find("Path") != std::string::npos || name == "Message")
              why += "; " + name + ": " + value;
        }
        break_down(why);
      });
}

void batch_job::saw(const task_ptr& task, const batch::task_info& info) {
  if (info.state == batch::task_state::completed) {
    task->last = info;
    last_change_ms_ = now_ms();
    by_id_.erase(task->id);
    to_collect_.push_back(task);
    return;
  }
  if (info.requeues > task->requeues) {
    last_change_ms_ = now_ms();
    return lost_and_queued_again(task);
  }
  if (info.state == batch::task_state::running && task->running_since_ms < 0) {
    task->running_since_ms = now_ms();
    task->last = info;
    last_change_ms_ = now_ms();
    tell_.runs();
    std::vector<outbox::telling> tell;
    begin(*task, tell);
    to_.put(std::move(tell));
  }
}

std::size_t batch_job::running() const {
  return static_cast<std::size_t>(std::count_if(by_id_.begin(), by_id_.end(), [](const auto& each) {
    return each.second->running_since_ms >= 0;
  }));
}

void batch_job::begin(batch_task& task, std::vector<outbox::telling>& tell) {
  if (std::exchange(task.begun, true)) return;
  tell.push_back([key = task.key, pool = task.pool](events& e) { e.started(key, pool); });
}

// The service runs it again by itself, but an attempt is an attempt: whether there is another, and
// with which number, is for the book to say.
void batch_job::lost_and_queued_again(const task_ptr& task) {
  in_.batch().terminate_task(plan_.id, task->id, [](const result<bool>&) {});
  error_info why = why_ended(*task, {}, {});
  why.message = "the service lost the node its task ran on";
  std::vector<outbox::telling> tell;
  begin(*task, tell);
  tell.push_back([key = task->key, why](events& e) { e.failed(key, 0, why); });
  finish(task, std::move(tell));
}

void batch_job::tail() {
  constexpr std::size_t few = 8;
  if (by_id_.size() > 64) return;
  if (running() > few) return;
  for (const auto& [id, each] : by_id_) {
    const auto task = each;
    const std::int64_t now = now_ms();
    if (task->running_since_ms < 0 || task->tailing ||
        now - task->running_since_ms < tail_after_ms || now - task->tailed_ms < tail_every_ms)
      continue;
    task->tailing = true;
    in_.batch().get_task_file(
        plan_.id, task->id, std::string("wd/") + task::log_name, task->told_bytes,
        std::uint64_t{1} << 20, [this, task](result<std::optional<batch::file_content>> got) {
          task->tailing = false;
          task->tailed_ms = now_ms();
          if (!got || !got->has_value() || task->over || !by_id_.contains(task->id)) return;
          std::vector<outbox::telling> lines;
          tell_output(lines, *task,
                      std::make_shared<const std::string>(std::move(got->value().body)));
          to_.put(std::move(lines));
        });
  }
}

// --- collecting --------------------------------------------------------------------------------

void batch_job::collect_more() {
  while (collecting_ < fetches && !to_collect_.empty()) {
    const auto task = std::move(to_collect_.front());
    to_collect_.pop_front();
    if (!task->over) collect(task);
  }
}

void batch_job::collect(const task_ptr& task) {
  ++collecting_;
  in_.blobs().get(plan_.container, plan_.folder + "logs/" + task->id, {0, small_log}, {}, {},
                  [this, task](result<std::optional<blob_content>> got) {
                    if (closing_) return;
                    if (!got) return call_failed(got.error());
                    if (!got->has_value()) return look_for_container(task);
                    auto& content = got->value();
                    if (content.facts.size > content.body.size())
                      return fetch_rest(task, content.facts.size);
                    collected(task, std::make_shared<const std::string>(std::move(content.body)));
                  });
}

// There is no log: its task did not come so far, or nobody's log is there any more.
void batch_job::look_for_container(const task_ptr& task) {
  in_.blobs().container_exists(plan_.container, [this, task](result<bool> there) {
    if (closing_) return;
    if (!there) return call_failed(there.error());
    if (!there.value()) {
      if (!task->adopted) return break_down(deleted_container(plan_.container));
      --collecting_;
      finish(task);
      return collect_more();
    }
    explain(task, std::make_shared<const std::string>());
  });
}

void batch_job::fetch_rest(const task_ptr& task, std::uint64_t size) {
  auto whole = std::make_shared<std::string>();
  whole->resize(static_cast<std::size_t>(size));
  const std::span<std::byte> into(reinterpret_cast<std::byte*>(whole->data()), whole->size());
  download(in_.blobs(), plan_.container, plan_.folder + "logs/" + task->id, into, {},
           [this, task, whole](const result<std::optional<blob_facts>>& got) {
             if (closing_) return;
             if (!got) return call_failed(got.error());
             collected(task, whole);
           });
}

void batch_job::collected(const task_ptr& task, const std::shared_ptr<const std::string>& log) {
  if (!task->over && task->last.result != batch::task_result::success) return explain(task, log);
  settle(task, log, {});
}

// The task failed: what it printed as errors may tell why.
void batch_job::explain(const task_ptr& task, const std::shared_ptr<const std::string>& log) {
  in_.batch().get_task_file(plan_.id, task->id, "stderr.txt", 0, defaults::output_tail,
                            [this, task, log](result<std::optional<batch::file_content>> got) {
                              const bool there = got && got->has_value();
                              settle(task, log, there ? got->value().body : std::string());
                            });
}

// What the task has told counts, and the item it was in is told why it has no outcome.
void batch_job::settle(const task_ptr& task, const std::shared_ptr<const std::string>& log,
                       const std::string& printed) {
  --collecting_;
  if (closing_) return;
  if (!task->over) {
    std::vector<outbox::telling> tell;
    begin(*task, tell);
    const log_end end = tell_log(tell, *task, log);
    if (!end.unusable.empty()) return break_down(end.unusable);
    const bool all_told =
        task->last.result == batch::task_result::success ? end.whole : end.settled >= task->items;
    if (!all_told) {
      error_info why = why_ended(*task, end, printed);
      tell.push_back([key = task->key, why](events& e) { e.failed(key, 0, why); });
    }
    finish(task, std::move(tell));
  }
  collect_more();
}

}  // namespace clusterless::engine
