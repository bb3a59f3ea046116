// SPDX-License-Identifier: MIT
#include "engine/azure/batch_job.hpp"

#include <algorithm>
#include <utility>

#include "core/text.hpp"
#include "os/program.hpp"
#include "os/tls_stream.hpp"
#include "session/link_file.hpp"
#include "task/task_main.hpp"
#include "task/task_plan.hpp"

namespace clusterless::engine {

using namespace azure;

namespace {

constexpr int uploads = 16;    // of plans, at once
constexpr int full_calls = 4;  // of 100 tasks each, at once
constexpr std::int64_t url_seconds = 7 * 24 * 3600;
constexpr std::int64_t task_seconds = 7 * 24 * 3600;
constexpr std::int64_t job_seconds = 30 * 24 * 3600;
constexpr std::int64_t lease_seconds = 3600;  // of a job that nobody can collect from later
constexpr std::int64_t renew_seconds = 20 * 60;
constexpr std::int64_t kept_seconds = 24 * 3600;  // a task's folder on its node
constexpr std::int64_t slow_add_ms = 500;         // the cursor looks back 2 s
constexpr std::size_t inline_plan_bytes = 3000;   // 100 of them as text fit into a call

std::string sh(const std::string& script) {
  return "/bin/sh -c " + core::shell_word(script);
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

batch_job::task_ptr batch_job::keep(std::string id, core::run_order order,
                                    std::vector<task_file> files) {
  auto task = std::make_shared<batch_task>();
  task->key = order.key;
  task->number = order.task;
  task->attempt = order.attempt;
  task->pool = plan_.pool_number;
  task->nodes = order.shape.nodes;
  task->first_item = order.items.first;
  task->items = order.items.count;
  task->id = std::move(id);
  task->files = std::move(files);
  task->order = std::move(order);
  by_key_[task->key] = task;
  if (by_id_.empty()) last_change_ms_ = now_ms();
  return task;
}

void batch_job::add(std::string id, core::run_order order, std::vector<task_file> files) {
  to_prepare_.push_back(keep(std::move(id), std::move(order), std::move(files)));
  make_job();
  pump();
}

void batch_job::make_job() {
  if (state_ != state::none) return;
  state_ = state::making;
  batch::job_spec job;
  job.id = plan_.id;
  job.pool_id = plan_.pool;
  if (plan_.priority != 0) job.priority = plan_.priority;
  job.max_seconds = plan_.lasting ? job_seconds : lease_seconds;
  job.metadata = {{"made-by", "clusterless"},
                  {"container", plan_.container},
                  {"lasting", plan_.lasting ? "1" : "0"}};
  batch::job_task preparation;
  preparation.command_line = sh("exit 0");
  preparation.resource_files = plan_.program;
  preparation.as = batch::user::pool_user;
  preparation.limits.max_retries = 3;
  job.preparation = preparation;
  made_ms_ = now_ms();
  in_.batch().add_job(job, [this](const result<bool>& made) {
    // Even an attempt without a good answer may have made it.
    if (when_made_) return remove_job(std::exchange(when_made_, nullptr));
    if (!made) return break_down(made.error().text());
    state_ = state::made;
    if (!plan_.lasting) plan_renewal();
    pump();
  });
}

// A job whose client has died must end, but one whose client lives may take as long as it likes.
void batch_job::plan_renewal() {
  on().later(renew_seconds * 1000, [this] {
    if (closing_) return;
    batch::job_patch longer;
    longer.max_seconds = (now_ms() - made_ms_) / 1000 + lease_seconds;
    // What fails is tried again in the next turn, and well before the end.
    in_.batch().patch_job(plan_.id, longer, {}, [](const result<done>&) {});
    plan_renewal();
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
    in_.batch().add_tasks(
        plan_.id, specs, {},
        [this, those, began = now_ms()](result<std::vector<batch::add_result>> got) {
          --adding_;
          // Some may be over since long ago, before the cursor.
          sweep_next_ = sweep_next_ || now_ms() - began > slow_add_ms;
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
    // Should the service have taken up the task after all, what it works with stays.
    in_.blobs().put_new(plan_.container, name, span_of(*kept), {},
                        [this, prepared, left, kept](const result<bool>& got) {
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
      in_.batch().terminate_task(plan_.id, task->id, [](const result<bool>&) {});
      continue;
    }
    by_id_[task->id] = task;
  }
  last_change_ms_ = now_ms();
  plan_poll();
}

void batch_job::call_failed(const service_error& why) {
  if (why.is("JobNotFound") || why.is("JobBeingDeleted")) return break_down(deleted_job(plan_.id));
  if (why.is("JobCompleted") || why.is("JobBeingTerminated"))
    return break_down(ended_job(plan_.id));
  if (why.is("ContainerNotFound") || why.is("ContainerBeingDeleted"))
    return break_down(deleted_container(plan_.container));
  break_down(why.text());
}

bool batch_job::cancel(std::uint64_t key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return false;
  const auto task = found->second;
  if (by_id_.contains(task->id))
    in_.batch().terminate_task(plan_.id, task->id, [](const result<bool>&) {});
  finish(task);
  return true;
}

void batch_job::finish(const task_ptr& task, std::vector<outbox::telling> tell) {
  if (std::exchange(task->over, true)) return;
  by_key_.erase(task->key);
  by_id_.erase(task->id);
  tell_end(to_, task->key, std::move(tell));
}

void batch_job::close(std::function<void()> then) {
  closing_ = true;
  if (state_ == state::none || state_ == state::gone) return then();
  // A job that is deleted before the service has made it would be there afterwards.
  if (std::exchange(state_, state::gone) == state::making)
    when_made_ = std::move(then);
  else
    remove_job(then);
}

void batch_job::remove_job(const std::function<void()>& then) {
  in_.batch().delete_job(plan_.id, [this, then](const result<bool>& gone) {
    if (gone) return wait_until_gone(then, 20);
    to_.leave("job " + plan_.id + ": " + gone.error().text());
    then();
  });
}

// The job is there until nothing of it runs any more.
void batch_job::wait_until_gone(const std::function<void()>& then, std::int64_t wait_ms) {
  in_.batch().get_job(plan_.id, [this, then, wait_ms](result<std::optional<batch::job_info>> got) {
    if (!got || !got->has_value()) return then();
    on().later(wait_ms, [this, then, wait_ms] {
      wait_until_gone(then, std::min<std::int64_t>(wait_ms * 2, 2000));
    });
  });
}

}  // namespace clusterless::engine
