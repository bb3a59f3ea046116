// SPDX-License-Identifier: MIT
#include "emulator/validate.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <string_view>

#include "emulator/http.hpp"
#include "emulator/service_error.hpp"

namespace clusterless::emulator {

namespace {

// Batch REST, "Pool - Add", "Job - Add", "Task - Add".
constexpr std::size_t longest_id = 64;
constexpr std::size_t longest_display_name = 1024;
constexpr std::size_t longest_formula = 8192;
constexpr std::size_t longest_dependencies = 64'000;
constexpr int most_slots = 256;
constexpr int most_nodes_of_task = 100;

/// Kinds of properties that appear in several bodies: text, whole number, truth, object, array.
const std::map<std::string, char>& kinds() {
  static const std::map<std::string, char> all{{"id", 's'},
                                               {"displayName", 's'},
                                               {"vmSize", 's'},
                                               {"commandLine", 's'},
                                               {"targetDedicatedNodes", 'i'},
                                               {"targetLowPriorityNodes", 'i'},
                                               {"taskSlotsPerNode", 'i'},
                                               {"enableAutoScale", 'b'},
                                               {"autoScaleFormula", 's'},
                                               {"enableInterNodeCommunication", 'b'},
                                               {"resizeTimeout", 's'},
                                               {"startTask", 'o'},
                                               {"virtualMachineConfiguration", 'o'},
                                               {"priority", 'i'},
                                               {"maxParallelTasks", 'i'},
                                               {"usesTaskDependencies", 'b'},
                                               {"constraints", 'o'},
                                               {"poolInfo", 'o'},
                                               {"poolId", 's'},
                                               {"jobPreparationTask", 'o'},
                                               {"jobReleaseTask", 'o'},
                                               {"onAllTasksComplete", 's'},
                                               {"onTaskFailure", 's'},
                                               {"resourceFiles", 'a'},
                                               {"outputFiles", 'a'},
                                               {"environmentSettings", 'a'},
                                               {"commonEnvironmentSettings", 'a'},
                                               {"metadata", 'a'},
                                               {"requiredSlots", 'i'},
                                               {"dependsOn", 'o'},
                                               {"exitConditions", 'o'},
                                               {"multiInstanceSettings", 'o'},
                                               {"numberOfInstances", 'i'},
                                               {"maxTaskRetryCount", 'i'},
                                               {"maxWallClockTime", 's'},
                                               {"retentionTime", 's'},
                                               {"waitForSuccess", 'b'},
                                               {"httpUrl", 's'},
                                               {"filePath", 's'},
                                               {"storageContainerUrl", 's'},
                                               {"blobPrefix", 's'},
                                               {"fileMode", 's'},
                                               {"filePattern", 's'},
                                               {"containerUrl", 's'},
                                               {"taskIds", 'a'},
                                               {"taskIdRanges", 'a'},
                                               {"coordinationCommandLine", 's'},
                                               {"commonResourceFiles", 'a'},
                                               {"userIdentity", 'o'}};
  return all;
}

bool is_kind(const json& value, char kind) {
  switch (kind) {
    case 's':
      return value.is_string();
    case 'i':
      return value.is_number_integer();
    case 'b':
      return value.is_boolean();
    case 'o':
      return value.is_object();
    default:
      return value.is_array();
  }
}

/// Wrong types anywhere in a body are errors of its syntax.
void check_kinds(const json& body, int depth = 0) {
  if (depth > 20) refuse("InvalidRequestBody", {{"Reason", "the body is nested too deeply"}});
  if (body.is_array())
    for (const json& each : body)
      check_kinds(each, depth + 1);
  if (!body.is_object()) return;
  for (const auto& [name, value] : body.items()) {
    const auto at = kinds().find(name);
    if (at != kinds().end() && !value.is_null() && !is_kind(value, at->second))
      refuse("InvalidRequestBody", {{"Reason", "The property '" + name +
                                                   "' has a value of the "
                                                   "wrong type: " +
                                                   value.dump().substr(0, 100)}});
    check_kinds(value, depth + 1);
  }
}

std::int64_t number_between(const json& body, const char* name, std::int64_t least,
                            std::int64_t most) {
  const json& at = member(body, name);
  if (at.is_null()) return least;
  const std::int64_t value = number_of(body, name, least);
  if (value < least || value > most)
    bad_property(
        name, std::to_string(value),
        "The value must be between " + std::to_string(least) + " and " + std::to_string(most));
  return value;
}

void one_of(const json& body, const char* name, std::initializer_list<const char*> words) {
  const std::string value = text_of(body, name);
  if (value.empty()) return;
  for (const char* each : words)
    if (same_text(value, each)) return;
  bad_property(name, value, "The value is not one of those that are allowed");
}

/// Whether a size has the form of one: "Standard_E2s_v3", or a name of old, "small".
bool is_vm_size(const std::string& size) {
  const std::string name = in_lower_case(size);
  if (name.starts_with("standard_") || name.starts_with("basic_"))
    return name.find_first_of("0123456789") != std::string::npos;
  return name.find('_') == std::string::npos;
}

void check_names(const json& body) {
  if (text_of(body, "displayName").size() > longest_display_name)
    bad_property("displayName", text_of(body, "displayName").substr(0, 100),
                 "The display name is longer than 1024 characters");
  for (const json& each : member(body, "environmentSettings"))
    if (text_of(each, "name").empty()) require(json::object(), "name");
  for (const json& each : member(body, "metadata")) {
    require(each, "name");
    require(each, "value");
  }
}

bool leaves_directory(std::string path) {
  if (!path.empty() && path[0] == '/') return true;
  std::replace(path.begin(), path.end(), '\\', '/');
  return path == ".." || path.starts_with("../") || path.find("/../") != std::string::npos ||
         path.ends_with("/..");
}

void check_resource_files(const json& files) {
  for (const json& each : files) {
    const int sources = (text_of(each, "httpUrl").empty() ? 0 : 1) +
                        (text_of(each, "storageContainerUrl").empty() ? 0 : 1) +
                        (text_of(each, "autoStorageContainerName").empty() ? 0 : 1);
    if (sources != 1)
      bad_property("resourceFiles", each.dump().substr(0, 200),
                   "Exactly one of httpUrl, storageContainerUrl and autoStorageContainerName has "
                   "to be given");
    if (!text_of(each, "httpUrl").empty()) require(each, "filePath");
    if (leaves_directory(text_of(each, "filePath")))
      bad_property("filePath", text_of(each, "filePath"),
                   "The path may not leave the working directory");
  }
}

void check_output_files(const json& files) {
  for (const json& each : files) {
    require(each, "filePattern");
    require(each, "destination");
    require(each, "uploadOptions");
    require(member(member(each, "destination"), "container"), "containerUrl");
    one_of(member(each, "uploadOptions"), "uploadCondition",
           {"tasksuccess", "taskfailure", "taskcompletion"});
  }
}

void check_command(const json& body) {
  require(body, "commandLine");
  check_names(body);
  check_resource_files(member(body, "resourceFiles"));
  check_output_files(member(body, "outputFiles"));
  const json& limits = member(body, "constraints");
  number_between(limits, "maxTaskRetryCount", -1, 1'000'000);
  duration_in(limits, "maxWallClockTime", 0, unlimited);
  duration_in(limits, "retentionTime", 0, unlimited);
}

void check_multi_instance(const json& body) {
  const json& multi = member(body, "multiInstanceSettings");
  if (!multi.is_object()) return;
  require(multi, "coordinationCommandLine");
  number_between(multi, "numberOfInstances", 1, most_nodes_of_task);
  check_resource_files(member(multi, "commonResourceFiles"));
}

void check_dependencies(const json& body, const job& in) {
  const json& wanted = member(body, "dependsOn");
  if (!wanted.is_object()) return;
  if (!truth_of(in.doc, "usesTaskDependencies", false)) refuse("TaskDependenciesNotSpecifiedOnJob");
  std::size_t length = 0;
  for (const json& each : member(wanted, "taskIds")) {
    if (!each.is_string()) refuse("InvalidRequestBody", {{"Reason", "taskIds are texts"}});
    length += each.get_ref<const std::string&>().size();
  }
  if (length > longest_dependencies)
    bad_property("dependsOn", std::to_string(length), "The ids of taskIds exceed 64000 characters");
  for (const json& each : member(wanted, "taskIdRanges")) {
    const auto start = number_of(each, "start", -1);
    const auto end = number_of(each, "end", -1);
    if (start < 0 || end < start || end - start > 1'000'000)
      bad_property("taskIdRanges", each.dump(), "start and end must be a range of task ids");
  }
}

}  // namespace

json parse_body(const std::string& body) {
  json made = json::parse(body, nullptr, false);
  if (!made.is_object()) refuse("InvalidRequestBody", {{"Reason", "The body is no JSON object"}});
  check_kinds(made);
  return made;
}

void require(const json& body, const char* name) {
  const json& at = member(body, name);
  if (at.is_null() || (at.is_string() && at.get_ref<const std::string&>().empty()))
    refuse("MissingRequiredProperty", {{"PropertyName", name}});
}

void check_id(const json& body, const char* name) {
  require(body, name);
  const std::string id = text_of(body, name);
  const bool good =
      id.size() <= longest_id && std::all_of(id.begin(), id.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
      });
  if (!good)
    bad_property(name, id.substr(0, 100),
                 "The id can contain any combination of alphanumeric characters including hyphens "
                 "and underscores, and cannot contain more than 64 characters");
}

std::optional<ticks> duration_in(const json& body, const char* name, ticks least, ticks most) {
  const std::string text = text_of(body, name);
  if (text.empty()) return {};
  const auto length = parse_iso_duration(text);
  if (!length) bad_property(name, text, "The value is no duration such as PT15M");
  if (*length < least || *length > most)
    bad_property(name, text,
                 "The value must be between " + iso_duration(least) + " and " + iso_duration(most));
  return length;
}

deallocation deallocation_in(const json& body, const char* name) {
  const std::string text = in_lower_case(text_of(body, name, "requeue"));
  if (text == "requeue") return deallocation::requeue;
  if (text == "terminate") return deallocation::terminate;
  if (text == "taskcompletion") return deallocation::taskcompletion;
  if (text == "retaineddata") return deallocation::retaineddata;
  bad_property(name, text, "The value is not one of those that are allowed");
}

void check_pool(const json& body) {
  check_id(body, "id");
  require(body, "vmSize");
  if (const std::string size = text_of(body, "vmSize"); !is_vm_size(size))
    bad_property("vmSize", size, "The specified VM size is not supported");
  check_names(body);
  const json& machine = member(body, "virtualMachineConfiguration");
  if (!machine.is_object()) {
    if (member(body, "cloudServiceConfiguration").is_object())
      bad_property("cloudServiceConfiguration", "", "Cloud service pools are retired");
    refuse("MissingRequiredProperty", {{"PropertyName", "virtualMachineConfiguration"}});
  }
  require(machine, "imageReference");
  require(machine, "nodeAgentSKUId");
  if (const std::string own = text_of(machine["imageReference"], "virtualMachineImageId");
      !own.empty() && !own.starts_with("/subscriptions/"))
    bad_property("virtualMachineImageId", own, "The specified image was not found");
  number_between(body, "targetDedicatedNodes", 0, 1'000'000);
  number_between(body, "targetLowPriorityNodes", 0, 1'000'000);
  number_between(body, "taskSlotsPerNode", 1, most_slots);
  duration_in(body, "resizeTimeout", 5 * one_minute, 7 * one_day);
  one_of(member(body, "taskSchedulingPolicy"), "nodeFillType", {"spread", "pack"});
  if (truth_of(body, "enableAutoScale", false)) {
    require(body, "autoScaleFormula");
    if (text_of(body, "autoScaleFormula").size() > longest_formula)
      bad_property("autoScaleFormula", "", "The formula is longer than 8192 characters");
    duration_in(body, "autoScaleEvaluationInterval", 5 * one_minute, 7 * one_day);
    if (!member(body, "targetDedicatedNodes").is_null() &&
        number_of(body, "targetDedicatedNodes", 0) != 0)
      bad_property("targetDedicatedNodes",
                   std::to_string(number_of(body, "targetDedicatedNodes", 0)),
                   "A pool that scales itself has no target");
  } else if (!text_of(body, "autoScaleFormula").empty()) {
    bad_property("autoScaleFormula", text_of(body, "autoScaleFormula").substr(0, 100),
                 "enableAutoScale has to be true for a formula");
  }
  if (const json& start = member(body, "startTask"); start.is_object()) check_command(start);
}

void check_job(const json& body) {
  check_id(body, "id");
  require(body, "poolInfo");
  check_names(body);
  const json& info = body["poolInfo"];
  if (const json& wanted = member(info, "autoPoolSpecification"); wanted.is_object()) {
    require(wanted, "poolLifetimeOption");
    require(wanted, "pool");
    json named = wanted["pool"];
    named["id"] = "autopool";
    check_pool(named);
  } else {
    require(info, "poolId");
  }
  number_between(body, "priority", -1000, 1000);
  number_between(body, "maxParallelTasks", -1, 1'000'000);
  number_between(member(body, "constraints"), "maxTaskRetryCount", -1, 1'000'000);
  duration_in(member(body, "constraints"), "maxWallClockTime", 0, unlimited);
  one_of(body, "onAllTasksComplete", {"noaction", "terminatejob"});
  one_of(body, "onTaskFailure", {"noaction", "performexitoptionsjobaction"});
  const json& preparation = member(body, "jobPreparationTask");
  if (preparation.is_object()) check_command(preparation);
  if (const json& manager = member(body, "jobManagerTask"); manager.is_object()) {
    check_id(manager, "id");
    check_command(manager);
  }
  if (const json& release = member(body, "jobReleaseTask"); release.is_object()) {
    check_command(release);
    if (!preparation.is_object())
      bad_property("jobReleaseTask", "", "A job release task needs a job preparation task");
  }
}

void check_task(const json& body, const job& in) {
  check_id(body, "id");
  check_command(body);
  number_between(body, "requiredSlots", 1, most_slots);
  check_multi_instance(body);
  check_dependencies(body, in);
}

}  // namespace clusterless::emulator
