// SPDX-License-Identifier: MIT
#include "engine/azure/batch_job.hpp"

#include <algorithm>
#include <utility>

#include "azure/blob_transfer.hpp"
#include "azure/text.hpp"
#include "core/defaults.hpp"
#include "os/program.hpp"
#include "os/tls_stream.hpp"
#include "session/link_file.hpp"
#include "task/task_main.hpp"
#include "task/task_plan.hpp"

namespace clusterless::engine {

using namespace azure;

namespace {

constexpr int uploads = 16;    // of plans, at once
constexpr int fetches = 16;    // of logs, at once
constexpr int full_calls = 4;  // of 100 tasks each, at once
constexpr std::int64_t url_seconds = 7 * 24 * 3600;
constexpr std::int64_t task_seconds = 7 * 24 * 3600;
constexpr std::int64_t job_seconds = 30 * 24 * 3600;
constexpr std::int64_t kept_seconds = 24 * 3600;  // a task's folder on its node
constexpr std::size_t inline_plan_bytes = 3000;   // 100 of them as text fit into a call
constexpr std::size_t small_log = std::size_t{1} << 20;
constexpr const char* state_time_select = "id,state,stateTransitionTime,executionInfo,nodeInfo";

std::string sh(const std::string& script) {
  std::string quoted;
  for (const char c : script)
    if (c == '\'')
      quoted += "'\\''";
    else
      quoted += c;
  return "/bin/sh -c '" + quoted + "'";
}

std::span<const std::byte> span_of(const std::vector<std::byte>& bytes) {
  return {bytes.data(), bytes.size()};
}

}  // namespace

batch_job::batch_job(cloud& in, batch_job_plan plan, outbox& to, listener tell)
    : in_(in), plan_(std::move(plan)), to_(to), tell_(std::move(tell)) {
  last_change_ms_ = last_sweep_ms_ = now_ms();
}

void batch_job::break_down(const std::string& why) {
  if (closing_) return;
  closing_ = true;
  tell_.broken(why);
}

// --- files and tasks ---------------------------------------------------------------------------

void batch_job::add(core::run_order order, std::vector<task_file> files) {
  auto task = std::make_shared<batch_task>();
  task->key = order.key;
  task->number = order.task;
  task->attempt = order.attempt;
  task->pool = plan_.pool_number;
  task->nodes = order.shape.nodes;
  task->first_item = order.items.first;
  task->items = order.items.count;
  task->id = "t" + std::to_string(++last_task_);
  task->files = std::move(files);
  task->order = std::move(order);
  by_key_[task->key] = task;
  if (by_id_.empty()) last_change_ms_ = now_ms();
  to_prepare_.push_back(std::move(task));
  make_job();
  pump();
}

void batch_job::make_job() {
  if (state_ != state::none) return;
  state_ = state::making;
  batch::job_spec job;
  job.id = plan_.id;
  job.pool_id = plan_.pool;
  job.max_seconds = job_seconds;
  job.metadata = {{"made-by", "clusterless"}, {"container", plan_.container}};
  batch::job_task preparation;
  preparation.command_line = sh("exit 0");
  preparation.resource_files = plan_.program;
  preparation.as = batch::user::pool_user;
  preparation.limits.max_retries = 3;
  job.preparation = preparation;
  in_.batch().add_job(job, [this](result<bool> made) {
    if (!made) return break_down(made.error().text());
    state_ = state::made;
    pump();
  });
}

void batch_job::pump() {
  while (!closing_ && preparing_ < uploads && !to_prepare_.empty()) {
    auto task = std::move(to_prepare_.front());
    to_prepare_.pop_front();
    if (!task->over) prepare(task);
  }
  std::erase_if(ready_, [](const auto& each) { return each->over; });
  // A call that is not full waits for the one before it: what gathers meanwhile goes together.
  while (!closing_ && state_ == state::made && !ready_.empty() && adding_ < full_calls) {
    if (ready_.size() < batch::max_tasks_per_call && (adding_ > 0 || preparing_ > 0)) return;
    std::vector<task_ptr> those;
    std::vector<batch::task_spec> specs;
    while (!ready_.empty() && those.size() < batch::max_tasks_per_call) {
      those.push_back(std::move(ready_.front()));
      ready_.pop_front();
      specs.push_back(spec_of(*those.back()));
    }
    ++adding_;
    in_.batch().add_tasks(plan_.id, specs, {},
                          [this, those](result<std::vector<batch::add_result>> got) {
                            --adding_;
                            if (!got) return call_failed(got.error());
                            added(those, got.value());
                            pump();
                          });
  }
}

void batch_job::prepare(const task_ptr& task) {
  ++preparing_;
  task::task_plan plan;
  plan.build_id = os::this_build();
  plan.pool = plan_.pool_number;
  plan.omp_threads = plan_.omp_threads;
  plan.keep_going = task->order.keep_going;
  plan.order = task->order;
  std::vector<std::byte> bytes = task::encode_plan(plan);
  const bool small = bytes.size() <= inline_plan_bytes;
  if (small) task->plan = task::plan_text(bytes);
  const auto left = std::make_shared<int>(!small + (task->nodes > 1));
  const auto prepared = [this, task] {
    --preparing_;
    task->order.items = {};
    if (!task->over) ready_.push_back(task);
  };
  if (*left == 0) return prepared();
  const auto put = [&](const std::string& name, std::vector<std::byte> content) {
    auto kept = std::make_shared<const std::vector<std::byte>>(std::move(content));
    in_.blobs().put(plan_.container, name, span_of(*kept), {},
                    [this, prepared, left, kept](result<blob_facts> got) {
                      if (!got) return call_failed(got.error());
                      if (--*left != 0) return;
                      prepared();
                      pump();
                    });
  };
  if (task->nodes > 1) {
    session::link_place place;
    place.address = "any";
    // Two tasks on one host are rare; then one of them takes the next port.
    place.port = static_cast<std::uint16_t>(20000 + task->key % 20000);
    place.ports = 64;
    place.identity = plan_.id + '/' + task->id;
    place.key = os::make_link_key();
    const std::string text = session::link_text(place);
    const auto* from = reinterpret_cast<const std::byte*>(text.data());
    put(plan_.folder + "links/" + task->id, {from, from + text.size()});
  }
  if (!small) put(plan_.folder + "plans/" + task->id, std::move(bytes));
}

batch::task_spec batch_job::spec_of(const batch_task& task) const {
  batch::task_spec spec;
  spec.id = task.id;
  spec.limits.max_seconds = task_seconds;
  spec.limits.retention_s = kept_seconds;
  const auto bring = [this](const std::string& container, const std::string& blob,
                            const std::string& path) {
    batch::resource_file file;
    file.http_url = in_.open_url(container, blob, "r", url_seconds);
    file.file_path = path;
    file.file_mode = "0600";
    return file;
  };
  if (task.plan.empty())
    spec.resource_files.push_back(
        bring(plan_.container, plan_.folder + "plans/" + task.id, task::plan_name));
  else
    spec.environment.emplace_back(task::plan_variable, task.plan);
  for (const auto& each : task.files)
    spec.resource_files.push_back(bring(each.container, each.blob, each.path));
  const std::string in_program = "cd \"$AZ_BATCH_TASK_WORKING_DIR\"; ";
  std::string run = in_program + "export CLUSTERLESS_TASK=$PWD; ";
  if (task.nodes > 1) {
    spec.instances.emplace();
    spec.instances->instances = task.nodes;
    // Files that all nodes get lie in the shared directory, on the first node too.
    spec.instances->common_files.push_back(
        bring(plan_.container, plan_.folder + "links/" + task.id, task::link_name));
    spec.instances->coordination_command =
        sh("[ \"$AZ_BATCH_IS_CURRENT_NODE_MASTER\" = true ] && exit 0; "
           "export CLUSTERLESS_AGENT=$AZ_BATCH_TASK_SHARED_DIR/link; "
           "[ -z \"$CLUSTERLESS_EMULATOR_NODE_ADDRESS\" ] || "
           "export CLUSTERLESS_AGENT_ADDRESS=$CLUSTERLESS_EMULATOR_NODE_ADDRESS; " +
           plan_.start_command + " > agent.txt 2>&1 & exit 0");
    run += "export CLUSTERLESS_TASK_LINK=$AZ_BATCH_TASK_SHARED_DIR/link; ";
  }
  spec.command_line = sh(run + "exec " + plan_.start_command);
  batch::output_file log;
  log.pattern = task::log_name;
  log.container_url = in_.open_url(plan_.container, "", "cw", url_seconds);
  log.path = plan_.folder + "logs/" + task.id;
  log.when = batch::upload_when::task_completion;
  spec.output_files = {log};
  if (!plan_.container_image.empty()) {
    spec.container.emplace();
    spec.container->image = plan_.container_image;
  }
  return spec;
}

void batch_job::added(const std::vector<task_ptr>& those,
                      const std::vector<batch::add_result>& results) {
  for (std::size_t i = 0; i < those.size() && i < results.size(); ++i) {
    const auto& task = those[i];
    if (results[i].error) {
      call_failed(*results[i].error);
      return;
    }
    if (task->over) {
      in_.batch().terminate_task(plan_.id, task->id, [](result<bool>) {});
      continue;
    }
    by_id_[task->id] = task;
  }
  last_change_ms_ = now_ms();
  plan_poll();
}

void batch_job::call_failed(const service_error& why) {
  if (why.is("JobNotFound"))
    return break_down("job " + plan_.id + " was deleted by somebody else while it ran");
  if (why.is("ContainerNotFound") || why.is("ContainerBeingDeleted"))
    return break_down("the container " + plan_.container +
                      " was deleted by somebody else while its job ran");
  break_down(why.text());
}

void batch_job::cancel(std::uint64_t key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  const auto task = found->second;
  task->cancelled = true;
  if (by_id_.contains(task->id))
    in_.batch().terminate_task(plan_.id, task->id, [](result<bool>) {});
  finish(task);
}

void batch_job::finish(const task_ptr& task, std::vector<outbox::telling> tell) {
  if (std::exchange(task->over, true)) return;
  by_key_.erase(task->key);
  by_id_.erase(task->id);
  tell.push_back([key = task->key](events& e) { e.ended(key); });
  to_.put(std::move(tell));
}

void batch_job::close(std::function<void()> then) {
  closing_ = true;
  if (state_ == state::none || state_ == state::gone) return then();
  state_ = state::gone;
  in_.batch().delete_job(plan_.id, [then](result<bool>) { then(); });
}

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
  const bool sweep = cursor_.empty() || now_ms() - last_sweep_ms_ > 60'000;
  if (sweep)
    last_sweep_ms_ = now_ms();
  else
    which.filter = "stateTransitionTime ge DateTime'" + cursor_ + "'";
  batch::all_pages<batch::task_info>(
      [this](const auto& options, auto then) {
        in_.batch().list_tasks(plan_.id, options, std::move(then));
      },
      which,
      [this](result<std::vector<batch::task_info>> got) {
        polling_ = false;
        if (closing_) return;
        if (!got) {
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
  int running = 0;
  for (const auto& each : changed) {
    if (each.state_changed_ms > cursor_ms_) {
      cursor_ms_ = each.state_changed_ms;
      cursor_ = iso_time(cursor_ms_ / 1000 - 2);
    }
    const auto found = by_id_.find(each.id);
    if (found == by_id_.end()) continue;
    saw(found->second, each);
  }
  for (const auto& [id, task] : by_id_)
    running += task->running_since_ms >= 0;
  collect_more();
  tail();
  if (running == 0 && !by_id_.empty() && now_ms() >= next_look_ms_ &&
      now_ms() - last_change_ms_ > 1000) {
    next_look_ms_ =
        now_ms() + std::clamp<std::int64_t>((now_ms() - last_change_ms_) / 4, 1000, 30'000);
    tell_.nothing_runs();
    look_at_preparations();
  }
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

void batch_job::begin(batch_task& task, std::vector<outbox::telling>& tell) {
  if (std::exchange(task.begun, true)) return;
  tell.push_back([key = task.key, pool = task.pool](events& e) { e.started(key, pool); });
}

// The service runs it again by itself, but an attempt is an attempt: whether there is another, and
// with which number, is for the book to say.
void batch_job::lost_and_queued_again(const task_ptr& task) {
  in_.batch().terminate_task(plan_.id, task->id, [](result<bool>) {});
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
  std::size_t running = 0;
  for (const auto& [id, task] : by_id_)
    running += task->running_since_ms >= 0;
  if (running == 0 || running > few) return;
  for (const auto& [id, each] : by_id_) {
    const auto task = each;
    const std::int64_t now = now_ms();
    if (task->running_since_ms < 0 || task->tailing || now - task->running_since_ms < 500 ||
        now - task->tailed_ms < 1000)
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
                    if (!got->has_value())
                      return explain(task, std::make_shared<const std::string>());
                    auto& content = got->value();
                    if (content.facts.size > content.body.size())
                      return fetch_rest(task, content.facts.size);
                    collected(task, std::make_shared<const std::string>(std::move(content.body)));
                  });
}

void batch_job::fetch_rest(const task_ptr& task, std::uint64_t size) {
  auto whole = std::make_shared<std::string>();
  whole->resize(static_cast<std::size_t>(size));
  const std::span<std::byte> into(reinterpret_cast<std::byte*>(whole->data()), whole->size());
  download(in_.blobs(), plan_.container, plan_.folder + "logs/" + task->id, into, {},
           [this, task, whole](result<std::optional<blob_facts>> got) {
             if (closing_) return;
             if (!got) return call_failed(got.error());
             collected(task, whole);
           });
}

void batch_job::collected(const task_ptr& task, std::shared_ptr<const std::string> log) {
  if (!task->over && task->last.result != batch::task_result::success)
    return explain(task, std::move(log));
  --collecting_;
  if (!task->over) {
    std::vector<outbox::telling> tell;
    begin(*task, tell);
    const log_end end = tell_log(tell, *task, log);
    if (!end.whole) {
      error_info why = why_ended(*task, end, {});
      tell.push_back([key = task->key, why](events& e) { e.failed(key, 0, why); });
    }
    finish(task, std::move(tell));
  }
  collect_more();
}

// The task failed: what it has told counts, and the item it was in is told why.
void batch_job::explain(const task_ptr& task, std::shared_ptr<const std::string> log) {
  in_.batch().get_task_file(
      plan_.id, task->id, "stderr.txt", 0, defaults::output_tail,
      [this, task, log](result<std::optional<batch::file_content>> got) {
        --collecting_;
        if (closing_ || task->over) return;
        std::string printed;
        if (got && got->has_value()) printed = got->value().body;
        std::vector<outbox::telling> tell;
        begin(*task, tell);
        const log_end end = tell_log(tell, *task, log);
        if (!end.unusable.empty()) return break_down(end.unusable);
        if (end.settled < task->items) {
          error_info why = why_ended(*task, end, printed);
          tell.push_back([key = task->key, why](events& e) { e.failed(key, 0, why); });
        }
        finish(task, std::move(tell));
        collect_more();
      });
}

}  // namespace clusterless::engine
