// SPDX-License-Identifier: MIT
// Jobs: from creation to their end, with release tasks and what they do when all tasks are done.
#include <algorithm>

#include "emulator/http.hpp"
#include "emulator/model.hpp"
#include "emulator/service_error.hpp"

namespace clusterless::emulator {

job& model::add_job(json doc) {
  const std::string id = text_of(doc, "id");
  const std::string key = in_lower_case(id);
  if (const auto at = jobs_.find(key); at != jobs_.end())
    refuse(at->second->state == job_state::deleting ? "JobBeingDeleted" : "JobExists");
  if (options_.job_quota > 0) {
    const auto active = std::count_if(jobs_.begin(), jobs_.end(), [](const auto& each) {
      return each.second->state != job_state::completed;
    });
    if (active >= options_.job_quota) refuse("ActiveJobAndScheduleQuotaReached");
  }
  auto made = std::make_unique<job>();
  job& of = *made;
  of.id = id;
  of.uid = next_sequence_++;
  of.created = stamp();
  of.modified = of.state_time = of.started = stamp();
  const json& info = member(doc, "poolInfo");
  of.pool_id = text_of(info, "poolId");
  if (const json& wanted = member(info, "autoPoolSpecification"); wanted.is_object()) {
    json spec = member(wanted, "pool");
    spec["id"] = text_of(wanted, "autoPoolIdPrefix") + '_' + node_id(true).substr(6, 32);
    of.auto_pool = true;
    of.pool_id = text_of(spec, "id");
    add_pool(std::move(spec));
  }
  of.doc = std::move(doc);
  jobs_.emplace(key, std::move(made));
  if (const json& manager = member(of.doc, "jobManagerTask"); manager.is_object())
    add_task(of, manager);
  watch_wall_clock(of);
  return of;
}

// The limit may be changed meanwhile: what counts is the one that holds when it is over.
void model::watch_wall_clock(job& of) {
  const auto ends = [](const job& which) {
    const auto limit =
        parse_iso_duration(text_of(member(which.doc, "constraints"), "maxWallClockTime"));
    return limit && *limit < unlimited - which.created ? which.created + *limit : unlimited;
  };
  const ticks end = ends(of);
  if (end == unlimited) return;
  after(std::max<ticks>(0, end - now_), [this, key = in_lower_case(of.id), uid = of.uid, ends] {
    const auto at = jobs_.find(key);
    if (at == jobs_.end() || at->second->uid != uid || now_ < ends(*at->second)) return;
    if (at->second->state == job_state::active || at->second->state == job_state::disabled)
      terminate_job(*at->second, "MaxWallClockTimeExpiry");
  });
}

void model::touch(job& of) {
  of.modified = stamp();
  watch_wall_clock(of);
  check_job(of);
  dirty(pool_of(of));
}

void model::set_state(job& of, job_state to) {
  of.previous = {of.state, of.state_time};
  of.state = to;
  of.state_time = stamp();
}

void model::end_job(job& of, job_state through) {
  set_state(of, through);
  const std::vector<task*> placed(of.placed.begin(), of.placed.end());
  for (task* each : placed)
    if (of.placed.count(each) != 0) stop(*each, ending::terminated);
  check_job(of);
}

void model::terminate_job(job& of, const std::string& reason) {
  if (of.state == job_state::deleting) refuse("JobBeingDeleted");
  if (of.state == job_state::terminating) refuse("JobBeingTerminated");
  if (of.state == job_state::completed) refuse("JobCompleted");
  of.terminate_reason = reason;
  of.modified = stamp();
  end_job(of, job_state::terminating);
}

void model::delete_job(job& of) {
  if (of.state == job_state::deleting) refuse("JobBeingDeleted");
  of.closing = false;
  end_job(of, job_state::deleting);
}

void model::disable_job(job& of, const std::string& how) {
  if (of.state == job_state::deleting) refuse("JobBeingDeleted");
  if (of.state == job_state::terminating) refuse("JobBeingTerminated");
  if (of.state == job_state::completed) refuse("JobCompleted");
  if (of.state == job_state::disabled) refuse("JobDisabled");
  of.modified = stamp();
  set_state(of, job_state::disabling);
  const std::vector<task*> placed(of.placed.begin(), of.placed.end());
  if (!same_text(how, "wait"))
    for (task* each : placed)
      if (of.placed.count(each) != 0)
        stop(*each, same_text(how, "requeue") ? ending::requeued : ending::terminated);
  check_job(of);
}

void model::enable_job(job& of) {
  if (of.state == job_state::deleting) refuse("JobBeingDeleted");
  if (of.state == job_state::terminating) refuse("JobBeingTerminated");
  if (of.state == job_state::completed) refuse("JobCompleted");
  if (of.state != job_state::disabled && of.state != job_state::disabling) refuse("JobNotDisabled");
  of.modified = stamp();
  set_state(of, job_state::active);
  of.closing = false;
  touch(of);
}

void model::check_job(job& of) {
  if (!of.placed.empty() || of.closing) return;
  switch (of.state) {
    case job_state::active:
      if (same_text(text_of(of.doc, "onAllTasksComplete"), "terminatejob") &&
          of.completed == of.tasks.size())
        terminate_job(of, "AllTasksComplete");
      return;
    case job_state::terminating:
    case job_state::deleting:
      if (!of.released) start_releases(of);
      if (of.releasing != 0) return;
      break;
    case job_state::disabling:
      break;
    default:
      return;
  }
  of.closing = true;
  const std::string key = in_lower_case(of.id);
  const std::uint64_t uid = of.uid;
  after(options_.takes.job_end, [this, key, uid] {
    const auto at = jobs_.find(key);
    if (at != jobs_.end() && at->second->uid == uid && at->second->closing) close_job(*at->second);
  });
}

void model::close_job(job& of) {
  of.closing = false;
  if (of.state == job_state::disabling) return set_state(of, job_state::disabled);
  pool* const in = pool_of(of);
  const json& wanted = member(member(of.doc, "poolInfo"), "autoPoolSpecification");
  if (of.auto_pool && in != nullptr && !in->deleting &&
      same_text(text_of(wanted, "poolLifetimeOption"), "job") &&
      !truth_of(wanted, "keepAlive", false))
    delete_pool(*in);
  if (of.state == job_state::deleting) return erase_job(of);
  of.ended = now_;
  set_state(of, job_state::completed);
}

void model::start_releases(job& of) {
  of.released = true;
  pool* const in = pool_of(of);
  const json& spec = member(of.doc, "jobReleaseTask");
  if (in == nullptr || !spec.is_object()) return;
  for (const auto& [id, each] : in->nodes) {
    if (each->prepared.count(&of) == 0 || each->leaving) continue;
    action order = order_for(*each);
    order.spec = spec;
    order.common = member(of.doc, "commonEnvironmentSettings");
    order.preparation = preparation_name(of.doc);
    order.job = of.id;
    order.task = text_of(spec, "id", "jobrelease");
    node_command& command = each->released[&of];
    command.running = true;
    command.result.started = now_;
    ++of.releasing;
    command.run = start_run({run_kind::release, each.get(), &of, nullptr, 0}, std::move(order));
    const auto limit =
        parse_iso_duration(text_of(spec, "maxWallClockTime", "PT15M")).value_or(15 * one_minute);
    const std::uint64_t started = command.run;
    after(limit, [this, started] {
      if (runs_.count(started) != 0) ask_to_stop(started);
    });
  }
}

void model::release_over(node& of, job& with, const command_result& result) {
  node_command& command = of.released[&with];
  if (!command.running) return;
  command.running = false;
  command.done = true;
  command.result = result;
  command.succeeded = !result.failed && result.exit_code.value_or(1) == 0;
  --with.releasing;
  check_job(with);
}

void model::erase_job(job& of) {
  for (const auto& [key, in] : pools_)
    for (const auto& [id, each] : in->nodes) {
      if (each->prepared.erase(&of) == 0 && each->total_run == 0) continue;
      each->released.erase(&of);
      actions_.push_back(order_for(*each));
      actions_.back().what = action::kind::remove_directory;
      actions_.back().job = of.id;
    }
  std::vector<std::uint64_t> left;
  for (const auto& [id, each] : runs_)
    if (each.of == &of) left.push_back(id);
  for (const std::uint64_t id : left)
    abandon(id);
  ++revision_;
  jobs_.erase(in_lower_case(of.id));
}

void model::job_action(task& of, const std::string& what) {
  job& in = *of.of;
  if (in.state != job_state::active) return;
  if (same_text(what, "terminate")) terminate_job(in, "TaskFailed");
  if (same_text(what, "disable")) disable_job(in, "requeue");
}

}  // namespace clusterless::emulator
