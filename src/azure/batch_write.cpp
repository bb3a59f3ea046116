// SPDX-License-Identifier: MIT
#include <nlohmann/json.hpp>

#include "azure/batch_json.hpp"
#include "azure/text.hpp"

namespace clusterless::azure::batch {
namespace {

using json = nlohmann::json;

void put(json& to, const char* name, const std::string& value) {
  if (!value.empty()) to[name] = value;
}

json pairs(const name_values& of) {
  json out = json::array();
  for (const auto& [name, value] : of)
    out.push_back({{"name", name}, {"value", value}});
  return out;
}

void put_pairs(json& to, const char* name, const name_values& of) {
  if (!of.empty()) to[name] = pairs(of);
}

json files(const std::vector<resource_file>& of) {
  json out = json::array();
  for (const resource_file& one : of) {
    json& file = out.emplace_back(json::object());
    put(file, "httpUrl", one.http_url);
    put(file, "storageContainerUrl", one.container_url);
    put(file, "blobPrefix", one.blob_prefix);
    put(file, "filePath", one.file_path);
    put(file, "fileMode", one.file_mode);
  }
  return out;
}

json identity(user as) {
  return {{"autoUser",
           {{"scope", as == user::task_user ? "task" : "pool"},
            {"elevationLevel", as == user::pool_admin ? "admin" : "nonadmin"}}}};
}

json registry(const container_registry& of) {
  json out = json::object();
  put(out, "registryServer", of.server);
  put(out, "username", of.user);
  if (of.password) out["password"] = std::string(of.password->reveal());
  return out;
}

void put_container(json& to, const std::optional<container_settings>& of) {
  if (!of) return;
  json settings = {{"imageName", of->image}};
  put(settings, "containerRunOptions", of->run_options);
  if (of->registry) settings["registry"] = registry(*of->registry);
  to["containerSettings"] = std::move(settings);
}

json start(const start_task& of) {
  json out = {{"commandLine", of.command_line},
              {"userIdentity", identity(of.as)},
              {"maxTaskRetryCount", of.max_retries},
              {"waitForSuccess", of.wait_for_success}};
  if (!of.resource_files.empty()) out["resourceFiles"] = files(of.resource_files);
  put_pairs(out, "environmentSettings", of.environment);
  put_container(out, of.container);
  return out;
}

json image(const image_reference& of) {
  json out = json::object();
  put(out, "virtualMachineImageId", of.image_id);
  put(out, "publisher", of.publisher);
  put(out, "offer", of.offer);
  put(out, "sku", of.sku);
  put(out, "version", of.version);
  return out;
}

json machine(const pool_spec& of) {
  json out = {{"imageReference", image(of.image)}, {"nodeAgentSKUId", of.node_agent}};
  if (of.containers || !of.container_images.empty()) {
    json containers = {{"type", "dockerCompatible"}};
    if (!of.container_images.empty()) containers["containerImageNames"] = of.container_images;
    for (const container_registry& one : of.registries)
      containers["containerRegistries"].push_back(registry(one));
    out["containerConfiguration"] = std::move(containers);
  }
  return out;
}

void put_limits(json& to, const task_limits& of) {
  json out = json::object();
  if (of.max_seconds > 0) out["maxWallClockTime"] = iso_duration(of.max_seconds);
  if (of.retention_s > 0) out["retentionTime"] = iso_duration(of.retention_s);
  if (of.max_retries) out["maxTaskRetryCount"] = *of.max_retries;
  if (!out.empty()) to["constraints"] = std::move(out);
}

json job_task_json(const job_task& of, bool preparation) {
  json out = {{"commandLine", of.command_line}, {"userIdentity", identity(of.as)}};
  put(out, "id", of.id);
  if (!of.resource_files.empty()) out["resourceFiles"] = files(of.resource_files);
  put_pairs(out, "environmentSettings", of.environment);
  put_container(out, of.container);
  if (preparation) {
    put_limits(out, of.limits);
    out["waitForSuccess"] = of.wait_for_success;
    out["rerunOnNodeRebootAfterSuccess"] = of.rerun_after_reboot;
  } else {  // release tasks have their two limits beside them, and no retries
    if (of.limits.max_seconds > 0) out["maxWallClockTime"] = iso_duration(of.limits.max_seconds);
    if (of.limits.retention_s > 0) out["retentionTime"] = iso_duration(of.limits.retention_s);
  }
  return out;
}

json outputs(const std::vector<output_file>& of) {
  constexpr const char* when[] = {"tasksuccess", "taskfailure", "taskcompletion"};
  json out = json::array();
  for (const output_file& one : of) {
    json container = {{"containerUrl", one.container_url}};
    put(container, "path", one.path);
    out.push_back({{"filePattern", one.pattern},
                   {"destination", {{"container", std::move(container)}}},
                   {"uploadOptions", {{"uploadCondition", when[static_cast<int>(one.when)]}}}});
  }
  return out;
}

json instances(const multi_instance& of) {
  json out = {{"numberOfInstances", of.instances},
              {"coordinationCommandLine", of.coordination_command}};
  if (!of.common_files.empty()) out["commonResourceFiles"] = files(of.common_files);
  return out;
}

void put_dependencies(json& to, const task_spec& of) {
  if (!of.after.empty()) to["dependsOn"]["taskIds"] = of.after;
  for (const auto& [first, last] : of.after_ranges)
    to["dependsOn"]["taskIdRanges"].push_back({{"start", first}, {"end", last}});
}

const char* word(deallocation how) {
  constexpr const char* words[] = {"requeue", "terminate", "taskcompletion", "retaineddata"};
  return words[static_cast<int>(how)];
}

std::string text(const json& of) {
  return of.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string write(const pool_spec& of, std::string_view api_version) {
  json out = {{"id", of.id},
              {"vmSize", of.vm_size},
              {"virtualMachineConfiguration", machine(of)},
              {"enableInterNodeCommunication", of.inter_node},
              {"taskSchedulingPolicy", {{"nodeFillType", of.pack_tasks ? "pack" : "spread"}}}};
  put(out, "displayName", of.display_name);
  if (of.formula.empty()) {
    out["enableAutoScale"] = false;
    out["targetDedicatedNodes"] = of.dedicated_nodes;
    out["targetLowPriorityNodes"] = of.spot_nodes;
    if (of.resize_timeout_s > 0) out["resizeTimeout"] = iso_duration(of.resize_timeout_s);
  } else {
    out["enableAutoScale"] = true;
    out["autoScaleFormula"] = of.formula;
    if (of.formula_interval_s > 0)
      out["autoScaleEvaluationInterval"] = iso_duration(of.formula_interval_s);
  }
  if (of.slots_per_node > 0) out["taskSlotsPerNode"] = of.slots_per_node;
  // Versions from 2025 on know the simplified way only and refuse the field.
  if (of.simplified_network && api_version < "2025")
    out["targetNodeCommunicationMode"] = "simplified";
  if (!of.subnet_id.empty()) out["networkConfiguration"] = {{"subnetId", of.subnet_id}};
  if (of.start) out["startTask"] = start(*of.start);
  put_pairs(out, "metadata", of.metadata);
  return text(out);
}

std::string write(const pool_patch& of) {
  json out = json::object();
  if (of.start) out["startTask"] = start(*of.start);
  if (of.metadata) out["metadata"] = pairs(*of.metadata);
  return text(out);
}

std::string write(const resize& of) {
  json out = json::object();
  if (of.dedicated) out["targetDedicatedNodes"] = *of.dedicated;
  if (of.spot) out["targetLowPriorityNodes"] = *of.spot;
  if (of.timeout_s > 0) out["resizeTimeout"] = iso_duration(of.timeout_s);
  if (of.how) out["nodeDeallocationOption"] = word(*of.how);
  return text(out);
}

std::string write_formula(const std::string& formula, int interval_s) {
  json out = {{"autoScaleFormula", formula}};
  if (interval_s > 0) out["autoScaleEvaluationInterval"] = iso_duration(interval_s);
  return text(out);
}

std::string write_removal(const std::vector<std::string>& nodes, deallocation how) {
  return text({{"nodeList", nodes}, {"nodeDeallocationOption", word(how)}});
}

std::string write(const job_spec& of) {
  json out = {{"id", of.id},
              {"poolInfo", {{"poolId", of.pool_id}}},
              {"onAllTasksComplete", of.terminate_when_done ? "terminatejob" : "noaction"}};
  put(out, "displayName", of.display_name);
  if (of.priority) out["priority"] = *of.priority;
  if (of.max_parallel_tasks > 0) out["maxParallelTasks"] = of.max_parallel_tasks;
  if (of.max_seconds > 0) out["constraints"]["maxWallClockTime"] = iso_duration(of.max_seconds);
  if (of.max_task_retries) out["constraints"]["maxTaskRetryCount"] = *of.max_task_retries;
  if (of.preparation) out["jobPreparationTask"] = job_task_json(*of.preparation, true);
  if (of.release) out["jobReleaseTask"] = job_task_json(*of.release, false);
  put_pairs(out, "commonEnvironmentSettings", of.environment);
  if (of.uses_dependencies) out["usesTaskDependencies"] = true;
  put_pairs(out, "metadata", of.metadata);
  return text(out);
}

std::string write(const job_patch& of) {
  json out = json::object();
  if (of.terminate_when_done)
    out["onAllTasksComplete"] = *of.terminate_when_done ? "terminatejob" : "noaction";
  if (of.priority) out["priority"] = *of.priority;
  if (of.max_seconds) out["constraints"] = {{"maxWallClockTime", iso_duration(*of.max_seconds)}};
  if (of.metadata) out["metadata"] = pairs(*of.metadata);
  return text(out);
}

std::string write_disable(requeue running) {
  constexpr const char* words[] = {"requeue", "terminate", "wait"};
  return text({{"disableTasks", words[static_cast<int>(running)]}});
}

std::string write_termination(const std::string& reason) {
  json out = json::object();
  put(out, "terminateReason", reason);
  return text(out);
}

std::string write(const task_spec& of) {
  json out = {{"id", of.id}, {"commandLine", of.command_line}, {"userIdentity", identity(of.as)}};
  put(out, "displayName", of.display_name);
  if (!of.resource_files.empty()) out["resourceFiles"] = files(of.resource_files);
  if (!of.output_files.empty()) out["outputFiles"] = outputs(of.output_files);
  put_pairs(out, "environmentSettings", of.environment);
  put_limits(out, of.limits);
  if (of.slots > 0) out["requiredSlots"] = of.slots;
  if (of.instances) out["multiInstanceSettings"] = instances(*of.instances);
  put_dependencies(out, of);
  put_container(out, of.container);
  if (!of.affinity.empty()) out["affinityInfo"] = {{"affinityId", of.affinity}};
  return text(out);
}

}  // namespace clusterless::azure::batch
