// SPDX-License-Identifier: MIT
#include "emulator/render.hpp"

#include <clusterless/error.hpp>

#include "emulator/http.hpp"

namespace clusterless::emulator {

namespace {

/// Copies the members of `from` that are there, in this order.
void copy(json& into, const json& from, std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const json& at = member(from, name); !at.is_null()) into[name] = at;
}

std::string unlimited_text() {
  return iso_duration(unlimited);
}

json default_user() {
  return json{{"autoUser", {{"scope", "pool"}, {"elevationLevel", "nonadmin"}}}};
}

/// Enumerations of output files come back capitalised.
json output_files(json files) {
  for (json& each : files) {
    json& options = each["uploadOptions"];
    const std::string condition = text_of(options, "uploadCondition");
    if (same_text(condition, "tasksuccess")) options["uploadCondition"] = "TaskSuccess";
    if (same_text(condition, "taskfailure")) options["uploadCondition"] = "TaskFailure";
    if (same_text(condition, "taskcompletion")) options["uploadCondition"] = "TaskCompletion";
  }
  return files;
}

json node_info(const node_facts& where, const std::string& base, const std::string& job,
               const std::string& task) {
  const std::string url = base + "/pools/" + where.pool + "/nodes/" + where.node;
  json made{{"affinityId", "TVM:" + where.node},
            {"nodeUrl", url},
            {"poolId", where.pool},
            {"nodeId", where.node}};
  if (!job.empty()) {
    made["taskRootDirectory"] = "workitems/" + job + "/job-1/" + task;
    made["taskRootDirectoryUrl"] = url + "/files/workitems/" + job + "/job-1/" + task;
  }
  return made;
}

void add_result(json& into, const command_result& result, bool done) {
  if (result.started != 0) into["startTime"] = iso_time(result.started);
  if (!done) return;
  if (result.ended != 0) into["endTime"] = iso_time(result.ended);
  if (result.exit_code) into["exitCode"] = *result.exit_code;
  const bool good = !result.failed && result.exit_code.value_or(1) == 0;
  if (!good)
    into["failureInfo"] = failure_document(
        result.failed.value_or(failure{"usererror",
                                       "FailureExitCode",
                                       "The task exited with an exit code representing a failure",
                                       {}}));
  into["result"] = good ? "success" : "failure";
}

json command_document(const node_command& of) {
  json made{{"state", of.done ? "completed" : "running"}};
  add_result(made, of.result, of.done);
  made["retryCount"] = of.retries;
  return made;
}

json execution_info(const task& of) {
  json made = json::object();
  if (of.started) made["startTime"] = iso_time(*of.started);
  if (of.ended && of.state == task_state::completed) made["endTime"] = iso_time(*of.ended);
  if (of.exit_code && of.state == task_state::completed) made["exitCode"] = *of.exit_code;
  if (of.failed) made["failureInfo"] = failure_document(*of.failed);
  if (of.succeeded) made["result"] = *of.succeeded ? "success" : "failure";
  made["retryCount"] = of.retries;
  if (of.last_retry) made["lastRetryTime"] = iso_time(*of.last_retry);
  made["requeueCount"] = of.requeues;
  if (of.last_requeue) made["lastRequeueTime"] = iso_time(*of.last_requeue);
  return made;
}

// The service takes passwords of registries and never shows them.
void forget_passwords(json& pool) {
  json& machine = pool["virtualMachineConfiguration"];
  if (!member(machine, "containerConfiguration").is_object()) return;
  json& containers = machine["containerConfiguration"];
  if (!member(containers, "containerRegistries").is_array()) return;
  for (json& each : containers["containerRegistries"])
    if (each.is_object()) each.erase("password");
}

}  // namespace

json failure_document(const failure& of) {
  json made{{"category", of.category.empty() ? "usererror" : of.category},
            {"code", of.code},
            {"message", of.message}};
  json details = json::array();
  for (const auto& [name, value] : of.details)
    details.push_back({{"name", name}, {"value", value}});
  if (!details.empty()) made["details"] = details;
  return made;
}

json pool_document(const pool& of, const std::string& base) {
  json made{{"id", of.id}};
  copy(made, of.doc, {"displayName"});
  made["url"] = base + "/pools/" + of.id;
  made["eTag"] = entity_tag(of.modified);
  made["lastModified"] = iso_time(of.modified);
  made["creationTime"] = iso_time(of.created);
  made["state"] = of.deleting ? "deleting" : "active";
  made["stateTransitionTime"] = iso_time(of.state_time);
  made["allocationState"] = to_string(of.allocation);
  made["allocationStateTransitionTime"] = iso_time(of.allocation_time);
  made["vmSize"] = in_lower_case(text_of(of.doc, "vmSize"));
  made["resizeTimeout"] = iso_duration(of.resize_timeout);
  if (!of.resize_errors.empty()) {
    made["resizeErrors"] = json::array();
    for (const failure& each : of.resize_errors) {
      json values = json::array();
      for (const auto& [name, value] : each.details)
        values.push_back({{"name", name}, {"value", value}});
      made["resizeErrors"].push_back(
          {{"code", each.code}, {"message", each.message}, {"values", values}});
    }
  }
  made["currentDedicatedNodes"] = of.count(true);
  made["targetDedicatedNodes"] = of.target_dedicated;
  made["currentLowPriorityNodes"] = of.count(false);
  made["targetLowPriorityNodes"] = of.target_spot;
  made["enableAutoScale"] = of.autoscale;
  if (of.autoscale) {
    made["autoScaleFormula"] = of.formula;
    made["autoScaleEvaluationInterval"] = iso_duration(of.interval);
    made["autoScaleRun"] = of.autoscale_run;
  }
  made["enableInterNodeCommunication"] = of.inter_node;
  if (json start = member(of.doc, "startTask"); start.is_object()) {
    if (!start.contains("userIdentity")) start["userIdentity"] = default_user();
    if (!start.contains("maxTaskRetryCount")) start["maxTaskRetryCount"] = 0;
    if (!start.contains("waitForSuccess")) start["waitForSuccess"] = true;
    made["startTask"] = std::move(start);
  }
  made["taskSlotsPerNode"] = of.slots;
  made["taskSchedulingPolicy"] = {{"nodeFillType", of.pack ? "Pack" : "Spread"}};
  copy(made, of.doc,
       {"virtualMachineConfiguration", "networkConfiguration", "metadata", "userAccounts",
        "mountConfiguration", "applicationPackageReferences", "targetNodeCommunicationMode"});
  if (made.contains("virtualMachineConfiguration")) forget_passwords(made);
  if (json* config = made.contains("virtualMachineConfiguration")
                         ? &made["virtualMachineConfiguration"]
                         : nullptr;
      config != nullptr && config->contains("imageReference")) {
    json& image = (*config)["imageReference"];
    if (image.is_object() && !image.contains("version") && !image.contains("virtualMachineImageId"))
      image["version"] = "latest";
  }
  return made;
}

json node_document(const node& of, const std::string& base) {
  const pool& in = *of.of;
  const std::string url = base + "/pools/" + in.id + "/nodes/" + of.id;
  json made{{"id", of.id},
            {"url", url},
            {"state", to_string(of.state)},
            {"schedulingState", of.schedulable ? "enabled" : "disabled"},
            {"stateTransitionTime", iso_time(of.state_time)}};
  if (of.booted != 0) made["lastBootTime"] = iso_time(of.booted);
  made["allocationTime"] = iso_time(of.allocated);
  made["ipAddress"] = of.address();
  made["affinityId"] = "TVM:" + of.id;
  made["vmSize"] = in_lower_case(text_of(in.doc, "vmSize"));
  made["totalTasksRun"] = of.total_run;
  made["totalTasksSucceeded"] = of.total_succeeded;
  made["runningTasksCount"] = of.tasks.size();
  made["runningTaskSlotsCount"] = in.slots - of.free_slots;
  if (!of.recent.empty()) {
    made["recentTasks"] = json::array();
    for (const json& each : of.recent) {
      const std::string job = text_of(each, "job");
      const std::string task = text_of(each, "task");
      made["recentTasks"].push_back({{"taskUrl", base + "/jobs/" + job + "/tasks/" + task},
                                     {"jobId", job},
                                     {"taskId", task},
                                     {"taskState", "completed"}});
    }
  }
  if (const json& start = member(in.doc, "startTask"); start.is_object()) {
    made["startTask"] = start;
    if (of.start_task) made["startTaskInfo"] = command_document(*of.start_task);
  }
  made["isDedicated"] = of.dedicated;
  made["endpointConfiguration"] = {
      {"inboundEndpoints", json::array({{{"name", "SSHRule.0"},
                                         {"protocol", "tcp"},
                                         {"publicIPAddress", of.address()},
                                         {"publicFQDN", "localhost"},
                                         {"frontendPort", 50000},
                                         {"backendPort", 22}}})}};
  json image = member(member(in.doc, "virtualMachineConfiguration"), "imageReference");
  if (image.is_object()) {
    if (!image.contains("version") && !image.contains("virtualMachineImageId"))
      image["version"] = "latest";
    image["exactVersion"] = "1.0.0";
    made["virtualMachineInfo"] = {{"imageReference", image}};
  }
  return made;
}

json job_document(const job& of, const std::string& base) {
  json made{{"id", of.id}};
  copy(made, of.doc, {"displayName"});
  made["url"] = base + "/jobs/" + of.id;
  made["eTag"] = entity_tag(of.modified);
  made["lastModified"] = iso_time(of.modified);
  made["creationTime"] = iso_time(of.created);
  made["state"] = to_string(of.state);
  made["stateTransitionTime"] = iso_time(of.state_time);
  if (of.previous) {
    made["previousState"] = to_string(of.previous->first);
    made["previousStateTransitionTime"] = iso_time(of.previous->second);
  }
  made["priority"] = of.priority();
  made["maxParallelTasks"] = of.max_parallel();
  made["usesTaskDependencies"] = truth_of(of.doc, "usesTaskDependencies", false);
  made["allowTaskPreemption"] = truth_of(of.doc, "allowTaskPreemption", false);
  const json& limits = member(of.doc, "constraints");
  made["constraints"] = {
      {"maxWallClockTime", text_of(limits, "maxWallClockTime", unlimited_text())},
      {"maxTaskRetryCount", number_of(limits, "maxTaskRetryCount", 0)}};
  copy(made, of.doc, {"jobManagerTask"});
  if (json preparation = member(of.doc, "jobPreparationTask"); preparation.is_object()) {
    json whole{{"id", text_of(preparation, "id", "jobpreparation")}};
    whole.update(preparation);
    if (!whole.contains("constraints"))
      whole["constraints"] = {{"maxWallClockTime", unlimited_text()},
                              {"retentionTime", "P7D"},
                              {"maxTaskRetryCount", 0}};
    if (!whole.contains("waitForSuccess")) whole["waitForSuccess"] = true;
    if (!whole.contains("userIdentity")) whole["userIdentity"] = default_user();
    if (!whole.contains("rerunOnNodeRebootAfterSuccess"))
      whole["rerunOnNodeRebootAfterSuccess"] = true;
    made["jobPreparationTask"] = std::move(whole);
  }
  if (json release = member(of.doc, "jobReleaseTask"); release.is_object()) {
    json whole{{"id", text_of(release, "id", "jobrelease")}};
    whole.update(release);
    if (!whole.contains("maxWallClockTime")) whole["maxWallClockTime"] = "PT15M";
    if (!whole.contains("retentionTime")) whole["retentionTime"] = "P7D";
    if (!whole.contains("userIdentity")) whole["userIdentity"] = default_user();
    made["jobReleaseTask"] = std::move(whole);
  }
  copy(made, of.doc, {"commonEnvironmentSettings", "poolInfo", "metadata", "networkConfiguration"});
  made["executionInfo"] = {{"startTime", iso_time(of.started)}};
  if (of.ended) made["executionInfo"]["endTime"] = iso_time(*of.ended);
  made["executionInfo"]["poolId"] = of.pool_id;
  if (!of.terminate_reason.empty()) made["executionInfo"]["terminateReason"] = of.terminate_reason;
  made["onAllTasksComplete"] = in_lower_case(text_of(of.doc, "onAllTasksComplete", "noaction"));
  made["onTaskFailure"] = in_lower_case(text_of(of.doc, "onTaskFailure", "noaction"));
  return made;
}

json task_document(const task& of, const std::string& base) {
  const json spec = json::parse(of.spec);
  json made{{"id", of.id}};
  copy(made, spec, {"displayName"});
  made["url"] = base + "/jobs/" + of.of->id + "/tasks/" + of.id;
  made["eTag"] = entity_tag(of.modified);
  made["creationTime"] = iso_time(of.created);
  made["lastModified"] = iso_time(of.modified);
  made["state"] = to_string(of.state);
  made["stateTransitionTime"] = iso_time(of.state_time);
  if (of.previous) {
    made["previousState"] = to_string(of.previous->first);
    made["previousStateTransitionTime"] = iso_time(of.previous->second);
  }
  copy(made, spec, {"commandLine", "containerSettings", "resourceFiles"});
  if (const json& files = member(spec, "outputFiles"); files.is_array())
    made["outputFiles"] = output_files(files);
  copy(made, spec,
       {"environmentSettings", "affinityInfo", "multiInstanceSettings", "dependsOn",
        "exitConditions", "applicationPackageReferences", "authenticationTokenSettings"});
  made["userIdentity"] =
      member(spec, "userIdentity").is_object() ? spec["userIdentity"] : default_user();
  made["constraints"] = {{"maxWallClockTime", iso_duration(of.max_wall)},
                         {"retentionTime", iso_duration(of.retention)},
                         {"maxTaskRetryCount", of.max_retries}};
  made["requiredSlots"] = of.slots;
  made["executionInfo"] = execution_info(of);
  if (!of.where.empty()) made["nodeInfo"] = node_info(of.where.front(), base, of.of->id, of.id);
  return made;
}

json subtasks_document(const task& of, const std::string& base) {
  json all = json::array();
  for (std::size_t i = 1; i < of.subtasks.size(); ++i) {
    const subtask& each = of.subtasks[i];
    json one{{"id", i},
             {"nodeInfo", node_info(each.where, base, of.of->id, of.id)},
             {"startTime", iso_time(each.result.started)}};
    const bool over = each.state == task_state::completed;
    add_result(one, each.result, over);
    one["state"] = to_string(each.state);
    one["stateTransitionTime"] = iso_time(each.state_time);
    all.push_back(std::move(one));
  }
  return all;
}

json preparations_document(const pool& in, job& of, const std::string& base) {
  json all = json::array();
  for (const auto& [id, each] : in.nodes) {
    const auto prepared = each->prepared.find(&of);
    if (prepared == each->prepared.end() || prepared->second.run == 0) continue;
    const std::string url = base + "/pools/" + in.id + "/nodes/" + each->id;
    const auto whole = [&](const node_command& command, const std::string& name) {
      json made = command_document(command);
      made["taskRootDirectory"] = "workitems/" + of.id + "/job-1/" + name;
      made["taskRootDirectoryUrl"] = url + "/files/workitems/" + of.id + "/job-1/" + name;
      return made;
    };
    json one{{"poolId", in.id}, {"nodeId", each->id}, {"nodeUrl", url}};
    one["jobPreparationTaskExecutionInfo"] = whole(
        prepared->second, text_of(member(of.doc, "jobPreparationTask"), "id", "jobpreparation"));
    if (const auto released = each->released.find(&of); released != each->released.end())
      one["jobReleaseTaskExecutionInfo"] =
          whole(released->second, text_of(member(of.doc, "jobReleaseTask"), "id", "jobrelease"));
    all.push_back(std::move(one));
  }
  return all;
}

odata_value task_field(const task& of, std::string_view path) {
  if (path == "id") return of.id;
  if (path == "state") return std::string(to_string(of.state));
  if (path == "stateTransitionTime") return iso_time(of.state_time);
  if (path == "creationTime") return iso_time(of.created);
  if (path == "lastModified") return iso_time(of.modified);
  if (path.starts_with("executionInfo/"))
    return value_at(execution_info(of), path.substr(path.find('/') + 1));
  return value_at(task_document(of, {}), path);
}

}  // namespace clusterless::emulator
