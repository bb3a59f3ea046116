// SPDX-License-Identifier: MIT
// Tasks: added, run, retried, ended; dependencies and exit conditions.
#include <algorithm>

#include "emulator/http.hpp"
#include "emulator/model.hpp"
#include "emulator/service_error.hpp"

namespace clusterless::emulator {

namespace {

failure ended_by(const char* message) {
  return {"usererror", "TaskEnded", message, {}};
}

/// The exitOptions that fit how a task ended, or null.
const json& exit_options(const json& spec, const task& of) {
  static const json none;
  const json& conditions = member(spec, "exitConditions");
  if (!conditions.is_object()) return none;
  const std::string code = of.failed ? of.failed->code : std::string();
  if (of.exit_code && (!of.failed || code == "FailureExitCode")) {
    for (const json& each : member(conditions, "exitCodes"))
      if (number_of(each, "code", -1) == *of.exit_code) return member(each, "exitOptions");
    for (const json& each : member(conditions, "exitCodeRanges"))
      if (number_of(each, "start", 1) <= *of.exit_code &&
          *of.exit_code <= number_of(each, "end", 0))
        return member(each, "exitOptions");
  } else if (code == "FileUploadMiscError" || code == "FileUploadContainerNotFound" ||
             code == "FileUploadAccessDenied") {
    if (const json& options = member(conditions, "fileUploadError"); options.is_object())
      return options;
  } else if (of.failed && !of.exit_code) {
    if (const json& options = member(conditions, "preProcessingError"); options.is_object())
      return options;
  }
  return of.succeeded.value_or(false) && !conditions.contains("default")
             ? none
             : member(conditions, "default");
}

}  // namespace

task& model::add_task(job& of, const json& spec) {
  switch (of.state) {
    case job_state::deleting:
      refuse("JobBeingDeleted");
    case job_state::terminating:
      refuse("JobBeingTerminated");
    case job_state::completed:
      refuse("JobCompleted");
    default:
      break;
  }
  const std::string id = text_of(spec, "id");
  const std::string key = in_lower_case(id);
  if (of.tasks.count(key) != 0) refuse("TaskExists");
  const json& constraints = member(spec, "constraints");
  const json& from_job = member(of.doc, "constraints");
  auto made = std::make_unique<task>();
  task& fresh = *made;
  fresh.id = id;
  fresh.of = &of;
  fresh.sequence = next_sequence_++;
  fresh.spec = spec.dump();
  fresh.created = fresh.modified = fresh.state_time = stamp();
  fresh.slots = static_cast<int>(number_of(spec, "requiredSlots", 1));
  const json& multi = member(spec, "multiInstanceSettings");
  fresh.multi_instance = multi.is_object();
  fresh.instances = static_cast<int>(number_of(multi, "numberOfInstances", 1));
  fresh.max_retries = static_cast<int>(
      number_of(constraints, "maxTaskRetryCount", number_of(from_job, "maxTaskRetryCount", 0)));
  fresh.max_wall = parse_iso_duration(text_of(constraints, "maxWallClockTime")).value_or(unlimited);
  fresh.retention =
      parse_iso_duration(text_of(constraints, "retentionTime", "P7D")).value_or(7 * one_day);
  of.tasks.emplace(key, std::move(made));
  depend(fresh, spec);
  if (fresh.unmet == 0) of.ready.insert({fresh.sequence, &fresh});
  dirty(pool_of(of));
  return fresh;
}

void model::depend(task& of, const json& spec) {
  const auto on = [&](const std::string& id) {
    const std::string key = in_lower_case(id);
    const auto at = of.of->tasks.find(key);
    if (at != of.of->tasks.end() && at->second->satisfied) return;
    of.of->waiters[key].push_back(&of);
    ++of.unmet;
  };
  const json& wanted = member(spec, "dependsOn");
  for (const json& each : member(wanted, "taskIds"))
    on(each.get<std::string>());
  for (const json& each : member(wanted, "taskIdRanges"))
    for (auto id = number_of(each, "start", 0); id <= number_of(each, "end", -1); ++id)
      on(std::to_string(id));
}

void model::satisfy(task& of) {
  if (of.satisfied) return;
  of.satisfied = true;
  const auto at = of.of->waiters.find(in_lower_case(of.id));
  if (at == of.of->waiters.end()) return;
  for (task* each : at->second)
    if (--each->unmet == 0 && each->state == task_state::active && each->nodes.empty())
      each->of->ready.insert({each->sequence, each});
  of.of->waiters.erase(at);
  dirty(pool_of(*of.of));
}

void model::set_state(task& of, task_state to) {
  of.previous = {of.state, of.state_time};
  of.state = to;
  of.state_time = stamp();
}

void model::begin(task& of) {
  of.begun = true;
  if (of.state != task_state::running) set_state(of, task_state::running);
  of.started = now_;
  of.ended.reset();
  of.where.clear();
  for (const node* each : of.nodes)
    of.where.push_back({each->of->id, each->id, each->number});
  if (of.max_wall != unlimited) {
    const std::string job_key = in_lower_case(of.of->id);
    const std::string task_key = in_lower_case(of.id);
    const std::uint64_t sequence = of.sequence;
    const int attempt = of.attempt;
    after(of.max_wall, [this, job_key, task_key, sequence, attempt] {
      const auto with = jobs_.find(job_key);
      if (with == jobs_.end()) return;
      const auto at = with->second->tasks.find(task_key);
      if (at == with->second->tasks.end()) return;
      task& now = *at->second;
      if (now.sequence == sequence && now.attempt == attempt && now.begun)
        stop(now, ending::timed_out);
    });
  }
  if (of.multi_instance)
    start_coordination(of);
  else
    run_task(of);
}

void model::run_task(task& of) {
  node& on = *of.nodes.front();
  action order = order_for(on);
  order.spec = json::parse(of.spec);
  order.common = member(of.of->doc, "commonEnvironmentSettings");
  order.preparation = preparation_name(of.of->doc);
  order.job = of.of->id;
  order.task = of.id;
  order.attempt = of.attempt;
  if (of.multi_instance)
    for (const node* each : of.nodes)
      order.hosts.push_back(each->address());
  of.run = start_run({run_kind::task, &on, of.of, &of, 0}, std::move(order));
}

void model::stop(task& of, ending why) {
  if (of.nodes.empty()) return;
  if (of.why == ending::none) of.why = why;
  if (of.live == 0)
    return attempt_over(of, {std::nullopt, std::nullopt, of.started.value_or(now_), now_});
  for (const std::uint64_t id : runs_of(of))
    ask_to_stop(id);
}

void model::let_go(task& of) {
  const std::vector<node*> nodes = std::exchange(of.nodes, {});
  of.of->placed.erase(&of);
  of.run = 0;
  of.begun = false;
  for (node* each : nodes) {
    each->tasks.erase(&of);
    each->free_slots += of.slots;
    if (of.multi_instance) {
      actions_.push_back(order_for(*each));
      actions_.back().what = action::kind::sweep;
      actions_.back().job = of.of->id;
      actions_.back().task = of.id;
    }
  }
  for (node* each : nodes)
    check_node(*each);
}

void model::back_to_queue(task& of) {
  of.why = ending::none;
  set_state(of, task_state::active);
  of.subtasks.clear();
  of.of->ready.insert({of.sequence, &of});
  dirty(pool_of(*of.of));
}

void model::attempt_over(task& of, const command_result& result) {
  if (of.nodes.empty() || of.live != 0) return;  // the last of its commands ends it
  close_subtasks(of);
  const ending why = of.why;
  const bool ran = of.begun;
  if (why == ending::requeued || why == ending::node_lost) {
    let_go(of);
    if (ran) {
      ++of.requeues;
      of.last_requeue = now_;
    }
    back_to_queue(of);
    check_job(*of.of);
    return;
  }
  of.ended = result.ended != 0 ? result.ended : now_;
  if (result.started != 0) of.started = result.started;
  of.exit_code = result.exit_code;
  of.failed = result.failed;
  if (why == ending::terminated) of.failed = ended_by("Task Was Ended by User Request");
  if (why == ending::timed_out)
    of.failed = {"usererror",
                 "TaskEnded",
                 "The task exceeded its maximum wall-clock time and was ended",
                 {}};
  if (why == ending::none && !of.failed && of.exit_code.value_or(0) != 0) {
    const char* words = "The task exited with an exit code representing a failure";
    of.failed = {"usererror",
                 "FailureExitCode",
                 words,
                 {{"Message", "The task process exited with an unexpected exit code"},
                  {"AdditionalErrorCode", "FailureExitCode"}}};
  }
  const bool good = !of.failed;
  remember_on_nodes(of);
  let_go(of);
  const bool may_retry = why == ending::none && of.exit_code.value_or(0) != 0 && of.failed &&
                         of.failed->code == "FailureExitCode";
  if (may_retry && (of.max_retries < 0 || of.retries < of.max_retries)) {
    ++of.retries;
    of.last_retry = now_;
    back_to_queue(of);
    return;
  }
  if (why == ending::removed) return;
  complete(of, good);
}

void model::complete(task& of, bool success) {
  job& in = *of.of;
  in.ready.erase({of.sequence, &of});
  set_state(of, task_state::completed);
  of.why = ending::none;
  of.succeeded = success;
  ++in.completed;
  if (success) ++in.succeeded;
  const std::string job_key = in_lower_case(in.id);
  const std::string task_key = in_lower_case(of.id);
  const std::uint64_t sequence = of.sequence;
  const int attempt = of.attempt;
  if (!of.where.empty())
    after(of.retention, [this, job_key, task_key, sequence, attempt] {
      const auto with = jobs_.find(job_key);
      if (with == jobs_.end()) return;
      const auto at = with->second->tasks.find(task_key);
      if (at == with->second->tasks.end()) return;
      task& old = *at->second;
      if (old.sequence != sequence || old.attempt != attempt) return;
      old.files_removed = true;
      for (const node_facts& each : old.where) {
        actions_.push_back({});
        actions_.back().what = action::kind::remove_directory;
        actions_.back().pool = each.pool;
        actions_.back().node = each.node;
        actions_.back().number = each.number;
        actions_.back().job = with->second->id;
        actions_.back().task = old.id;
      }
    });
  apply_exit_conditions(of, json::parse(of.spec));
  const json& manager = member(in.doc, "jobManagerTask");
  if (same_text(text_of(manager, "id"), of.id) && truth_of(manager, "killJobOnCompletion", true) &&
      in.state == job_state::active)
    return terminate_job(in, "JMComplete");
  check_job(in);
}

void model::apply_exit_conditions(task& of, const json& spec) {
  const bool success = of.succeeded.value_or(false);
  const json& options = exit_options(spec, of);
  const std::string dependency =
      text_of(options, "dependencyAction", success ? "satisfy" : "block");
  if (same_text(dependency, "satisfy")) satisfy(of);
  const std::string action = text_of(options, "jobAction", success ? "none" : "terminate");
  const bool by_default = text_of(options, "jobAction").empty();
  if (same_text(text_of(of.of->doc, "onTaskFailure"), "performexitoptionsjobaction") &&
      !(by_default && success))
    job_action(of, action);
}

void model::remember_on_nodes(task& of) {
  for (node* each : of.nodes) {
    ++each->total_run;
    if (!of.failed) ++each->total_succeeded;
    each->recent.push_back(json{{"job", of.of->id}, {"task", of.id}});
    if (each->recent.size() > 10) each->recent.erase(each->recent.begin());
  }
}

void model::terminate_task(task& of) {
  if (of.state == task_state::completed) refuse("TaskCompleted");
  of.modified = stamp();
  if (!of.nodes.empty()) return stop(of, ending::terminated);
  of.of->ready.erase({of.sequence, &of});
  of.failed = ended_by("Task Was Ended by User Request");
  of.ended = now_;
  complete(of, false);
}

void model::reactivate_task(task& of) {
  if (of.state != task_state::completed) refuse("TaskNotCompleted");
  if (of.succeeded.value_or(false)) refuse("TaskSucceeded");
  job& in = *of.of;
  if (in.state == job_state::completed) refuse("JobCompleted");
  if (in.state == job_state::terminating) refuse("JobBeingTerminated");
  of.modified = stamp();
  --in.completed;
  of.retries = 0;
  of.requeues = 0;
  of.started.reset();
  of.ended.reset();
  of.exit_code.reset();
  of.failed.reset();
  of.succeeded.reset();
  of.last_retry.reset();
  of.last_requeue.reset();
  back_to_queue(of);
}

void model::delete_task(task& of) {
  job& in = *of.of;
  if (!of.nodes.empty()) {
    of.why = ending::removed;
    for (const std::uint64_t id : runs_of(of))
      abandon(id);
    let_go(of);
  }
  for (const node_facts& each : of.where) {
    actions_.push_back({});
    actions_.back().what = action::kind::remove_directory;
    actions_.back().pool = each.pool;
    actions_.back().node = each.node;
    actions_.back().number = each.number;
    actions_.back().job = in.id;
    actions_.back().task = of.id;
  }
  in.ready.erase({of.sequence, &of});
  if (of.state == task_state::completed) {
    --in.completed;
    if (of.succeeded.value_or(false)) --in.succeeded;
  }
  for (auto& [id, waiting] : in.waiters)
    std::erase(waiting, &of);
  ++revision_;
  in.tasks.erase(in_lower_case(of.id));
  check_job(in);
}

}  // namespace clusterless::emulator
