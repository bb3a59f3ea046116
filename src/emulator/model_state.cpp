// SPDX-License-Identifier: MIT
// The account as a document and back, for an emulator that is started again.
#include "emulator/http.hpp"
#include "emulator/model.hpp"

namespace clusterless::emulator {

namespace {

json saved_failure(const failure& of) {
  json details = json::array();
  for (const auto& [name, value] : of.details)
    details.push_back(json::array({name, value}));
  return {
      {"category", of.category}, {"code", of.code}, {"message", of.message}, {"details", details}};
}

failure read_failure(const json& from) {
  failure made{text_of(from, "category"), text_of(from, "code"), text_of(from, "message"), {}};
  for (const json& each : member(from, "details"))
    made.details.emplace_back(each.at(0).get<std::string>(), each.at(1).get<std::string>());
  return made;
}

json saved_task(const task& of) {
  const bool over = of.state == task_state::completed;
  json made{{"id", of.id},
            {"sequence", of.sequence},
            {"spec", of.spec},
            {"created", of.created},
            {"modified", of.modified},
            {"state_time", of.state_time},
            {"retries", of.retries},
            {"completed", over},
            {"satisfied", of.satisfied},
            {"requeues", of.requeues + (of.begun && !over ? 1 : 0)}};
  if (!over) return made;
  made["started"] = of.started.value_or(0);
  made["ended"] = of.ended.value_or(0);
  made["succeeded"] = of.succeeded.value_or(false);
  made["files_removed"] = of.files_removed;
  if (of.exit_code) made["exit_code"] = *of.exit_code;
  if (of.failed) made["failed"] = saved_failure(*of.failed);
  made["where"] = json::array();
  for (const node_facts& each : of.where)
    made["where"].push_back({{"pool", each.pool}, {"node", each.node}, {"number", each.number}});
  return made;
}

void read_task(task& into, const json& from) {
  into.created = number_of(from, "created", into.created);
  into.modified = number_of(from, "modified", into.modified);
  into.state_time = number_of(from, "state_time", into.state_time);
  into.retries = static_cast<int>(number_of(from, "retries", 0));
  into.requeues = static_cast<int>(number_of(from, "requeues", 0));
  if (!truth_of(from, "completed", false)) return;
  into.state = task_state::completed;
  into.previous = {task_state::running, number_of(from, "started", 0)};
  if (const auto at = number_of(from, "started", 0); at != 0) into.started = at;
  into.ended = number_of(from, "ended", 0);
  into.succeeded = truth_of(from, "succeeded", false);
  into.files_removed = truth_of(from, "files_removed", false);
  if (from.contains("exit_code")) into.exit_code = from["exit_code"].get<int>();
  if (from.contains("failed")) into.failed = read_failure(from["failed"]);
  for (const json& each : member(from, "where"))
    into.where.push_back({text_of(each, "pool"), text_of(each, "node"),
                          static_cast<int>(number_of(each, "number", 0))});
}

}  // namespace

json model::saved() const {
  json all{{"format", 1}, {"pools", json::array()}, {"jobs", json::array()}};
  for (const auto& [key, each] : pools_) {
    if (each->deleting) continue;
    json made{{"doc", each->doc},           {"created", each->created},
              {"modified", each->modified}, {"dedicated", each->target_dedicated},
              {"spot", each->target_spot},  {"autoscale", each->autoscale},
              {"formula", each->formula},   {"interval", each->interval}};
    made["nodes"] = json::array();
    for (const auto& [id, one] : each->nodes)
      if (!one->leaving)
        made["nodes"].push_back({{"id", one->id},
                                 {"number", one->number},
                                 {"dedicated", one->dedicated},
                                 {"allocated", one->allocated},
                                 {"total_run", one->total_run},
                                 {"total_succeeded", one->total_succeeded}});
    all["pools"].push_back(std::move(made));
  }
  for (const auto& [key, each] : jobs_) {
    if (each->state == job_state::deleting) continue;
    const bool over = each->state == job_state::completed || each->state == job_state::terminating;
    const bool off = each->state == job_state::disabled || each->state == job_state::disabling;
    json made{{"doc", each->doc},
              {"created", each->created},
              {"modified", each->modified},
              {"started", each->started},
              {"state", over  ? "completed"
                        : off ? "disabled"
                              : "active"},
              {"state_time", each->state_time},
              {"pool_id", each->pool_id},
              {"auto_pool", each->auto_pool},
              {"terminate_reason", each->terminate_reason}};
    made["tasks"] = json::array();
    for (const auto& [id, one] : each->tasks)
      made["tasks"].push_back(saved_task(*one));
    all["jobs"].push_back(std::move(made));
  }
  return all;
}

void model::restore(const json& from) {
  for (const json& each : member(from, "pools")) {
    json doc = member(each, "doc");
    doc["enableAutoScale"] = false;
    pool& made = add_pool(std::move(doc));
    ++made.resizes;
    made.created = number_of(each, "created", made.created);
    made.modified = number_of(each, "modified", made.modified);
    made.target_dedicated = static_cast<int>(number_of(each, "dedicated", 0));
    made.target_spot = static_cast<int>(number_of(each, "spot", 0));
    made.formula = text_of(each, "formula");
    made.interval = number_of(each, "interval", made.interval);
    for (const json& one : member(each, "nodes")) {
      auto fresh = std::make_unique<node>();
      fresh->id = text_of(one, "id");
      fresh->number = static_cast<int>(number_of(one, "number", 1));
      fresh->of = &made;
      fresh->dedicated = truth_of(one, "dedicated", true);
      fresh->allocated = number_of(one, "allocated", 0);
      fresh->total_run = static_cast<int>(number_of(one, "total_run", 0));
      fresh->total_succeeded = static_cast<int>(number_of(one, "total_succeeded", 0));
      numbers_.insert(fresh->number);
      node& at = *fresh;
      made.nodes.emplace(at.id, std::move(fresh));
      boot(at);
    }
    allocate(made);
    made.autoscale = truth_of(each, "autoscale", false);
    if (made.autoscale) autoscale_turn(made);
  }
  for (const json& each : member(from, "jobs")) {
    json doc = member(each, "doc");
    const bool auto_pool = truth_of(each, "auto_pool", false);
    const json info = member(doc, "poolInfo");
    if (auto_pool) doc["poolInfo"] = {{"poolId", text_of(each, "pool_id")}};
    job& made = add_job(doc);
    made.doc["poolInfo"] = info;
    made.auto_pool = auto_pool;
    made.pool_id = text_of(each, "pool_id");
    made.created = number_of(each, "created", made.created);
    made.modified = number_of(each, "modified", made.modified);
    made.started = number_of(each, "started", made.started);
    for (const json& one : member(each, "tasks")) {
      const auto there = made.tasks.find(in_lower_case(text_of(one, "id")));  // a job manager
      task& added = there != made.tasks.end() ? *there->second
                                              : add_task(made, json::parse(text_of(one, "spec")));
      read_task(added, one);
      if (added.state != task_state::completed) continue;
      made.ready.erase({added.sequence, &added});
      ++made.completed;
      if (added.succeeded.value_or(false)) ++made.succeeded;
      if (truth_of(one, "satisfied", false)) satisfy(added);
    }
    const std::string state = text_of(each, "state");
    made.terminate_reason = text_of(each, "terminate_reason");
    made.state_time = number_of(each, "state_time", made.state_time);
    if (state == "disabled") made.state = job_state::disabled;
    if (state == "completed") {
      made.state = job_state::completed;
      made.ended = made.state_time;
    }
  }
}

}  // namespace clusterless::emulator
