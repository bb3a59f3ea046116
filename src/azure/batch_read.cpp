// SPDX-License-Identifier: MIT
#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "azure/batch_json.hpp"
#include "azure/text.hpp"

namespace clusterless::azure::batch {

std::optional<std::size_t> index_of_word(std::string_view text,
                                         std::initializer_list<std::string_view> names) {
  const auto at = std::find_if(names.begin(), names.end(),
                               [&](std::string_view name) { return same_word(name, text); });
  if (at == names.end()) return std::nullopt;
  return static_cast<std::size_t>(at - names.begin());
}

namespace {

using json = nlohmann::json;

/// An object of the answer, asked for what may be there; `at` is null when it is not.
class node {
 public:
  explicit node(const json* at) : at_(at != nullptr && at->is_object() ? at : nullptr) {}
  explicit operator bool() const { return at_ != nullptr; }
  const json* find(const char* name) const {
    if (at_ == nullptr) return nullptr;
    const auto found = at_->find(name);
    return found != at_->end() && !found->is_null() ? &*found : nullptr;
  }
  node in(const char* name) const { return node(find(name)); }
  std::string text(const char* name) const {
    const json* found = find(name);
    return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
  }
  std::optional<int> maybe(const char* name) const {
    const json* found = find(name);
    if (found == nullptr || !found->is_number_integer()) return std::nullopt;
    return found->get<int>();
  }
  int number(const char* name) const { return maybe(name).value_or(0); }
  bool flag(const char* name) const {
    const json* found = find(name);
    return found != nullptr && found->is_boolean() && found->get<bool>();
  }
  std::int64_t time(const char* name) const { return parse_iso_time(text(name)).value_or(0); }
  /// Calls `each` with every object of the array `name`.
  template <class F>
  void every(const char* name, F each) const {
    const json* found = find(name);
    if (found == nullptr || !found->is_array()) return;
    for (const json& one : *found)
      if (one.is_object()) each(node(&one));
  }
  template <class Enum>
  Enum word(const char* name, std::initializer_list<std::string_view> names) const {
    const auto index = index_of_word(text(name), names);
    return index ? static_cast<Enum>(*index + 1) : Enum::unknown;
  }

 private:
  const json* at_;
};

name_values pairs(const node& of, const char* list, const char* name) {
  name_values out;
  of.every(list, [&](const node& one) {
    // Details of errors have a key in one place of the protocol and a name in the others.
    const std::string called = one.text(name);
    out.emplace_back(called.empty() ? one.text("key") : called, one.text("value"));
  });
  return out;
}

/// Messages of errors are {"lang", "value"} in some places and bare texts in others.
std::string message_of(const node& of) {
  const node nested = of.in("message");
  return scrubbed(nested ? nested.text("value") : of.text("message"));
}

trouble trouble_of(const node& of, const char* values) {
  trouble out = {of.text("code"), message_of(of), pairs(of, values, "name")};
  for (auto& [name, value] : out.values)
    value = scrubbed(value);
  return out;
}

std::optional<task_failure> failure_of(const node& of, const char* name) {
  const node at = of.in(name);
  if (!at) return std::nullopt;
  return task_failure{same_word(at.text("category"), "usererror"), trouble_of(at, "details")};
}

task_result result_of(const node& of) {
  return of.word<task_result>("result", {"success", "failure"});
}

task_state task_state_of(const node& of) {
  return of.word<task_state>("state", {"active", "preparing", "running", "completed"});
}

image_reference image_of(const node& of) {
  return {of.text("publisher"), of.text("offer"), of.text("sku"), of.text("version"),
          of.text("virtualMachineImageId")};
}

void read_run(const node& of, std::string& results, std::optional<trouble>& error) {
  results = of.text("results");
  if (const node at = of.in("error")) error = trouble_of(at, "values");
}

void from(const node& of, pool_info& to) {
  to.id = of.text("id");
  to.url = of.text("url");
  to.etag = of.text("eTag");
  to.state = of.word<pool_state>("state", {"active", "deleting"});
  to.allocation = of.word<allocation_state>("allocationState", {"steady", "resizing", "stopping"});
  to.vm_size = of.text("vmSize");
  const node machine = of.in("virtualMachineConfiguration");
  to.image = image_of(machine.in("imageReference"));
  to.node_agent = machine.text("nodeAgentSKUId");
  to.dedicated_now = of.number("currentDedicatedNodes");
  to.spot_now = of.number("currentLowPriorityNodes");
  to.dedicated_target = of.number("targetDedicatedNodes");
  to.spot_target = of.number("targetLowPriorityNodes");
  to.autoscale = of.flag("enableAutoScale");
  to.formula = of.text("autoScaleFormula");
  read_run(of.in("autoScaleRun"), to.autoscale_results, to.autoscale_error);
  to.formula_interval = of.text("autoScaleEvaluationInterval");
  const node containers = machine.in("containerConfiguration");
  to.containers = !containers.text("type").empty();
  containers.every("containerRegistries", [&](const node& one) {
    to.registries.push_back({one.text("registryServer"), one.text("username"), {}});
  });
  to.inter_node = of.flag("enableInterNodeCommunication");
  to.slots_per_node = of.maybe("taskSlotsPerNode").value_or(1);
  to.start_command = of.in("startTask").text("commandLine");
  of.every("resizeErrors",
           [&](const node& one) { to.resize_errors.push_back(trouble_of(one, "values")); });
  to.created_ms = of.time("creationTime");
  to.allocation_changed_ms = of.time("allocationStateTransitionTime");
  to.metadata = pairs(of, "metadata", "name");
}

void from(const node& of, node_info& to) {
  to.id = of.text("id");
  to.state = of.word<node_state>(
      "state", {"idle", "rebooting", "reimaging", "running", "unusable", "creating", "starting",
                "waitingforstarttask", "starttaskfailed", "leavingpool", "offline", "preempted",
                "upgradingos", "deallocated", "deallocating"});
  to.ip_address = of.text("ipAddress");
  to.affinity_id = of.text("affinityId");
  to.vm_size = of.text("vmSize");
  to.dedicated = of.flag("isDedicated");
  to.running_tasks = of.number("runningTasksCount");
  to.total_tasks = of.number("totalTasksRun");
  to.allocated_ms = of.time("allocationTime");
  to.state_changed_ms = of.time("stateTransitionTime");
  to.booted_ms = of.time("lastBootTime");
  const node start = of.in("startTaskInfo");
  to.start_exit_code = start.maybe("exitCode");
  to.start_result = result_of(start);
  to.start_retries = start.number("retryCount");
  to.start_failure = failure_of(start, "failureInfo");
  of.every("errors",
           [&](const node& one) { to.errors.push_back(trouble_of(one, "errorDetails")); });
}

void from(const node& of, formula_run& to) {
  to.at_ms = of.time("timestamp");
  read_run(of, to.results, to.error);
}

void from(const node& of, login_address& to) {
  to = {of.text("remoteLoginIPAddress"), of.number("remoteLoginPort")};
}

void from(const node& of, node_counts& to) {
  to.pool = of.text("poolId");
  const std::pair<const char*, std::map<std::string, int>*> kinds[] = {{"dedicated", &to.dedicated},
                                                                       {"lowPriority", &to.spot}};
  for (const auto& [name, counts] : kinds) {
    const json* at = of.find(name);
    if (at == nullptr || !at->is_object()) continue;
    for (const auto& [state, n] : at->items())
      if (n.is_number_integer()) (*counts)[lower_case(state)] = n.get<int>();
  }
}

void from(const node& of, image_support& to) {
  to.image = image_of(of.in("imageReference"));
  to.node_agent = of.text("nodeAgentSKUId");
  to.os = lower_case(of.text("osType"));
  to.verified = same_word(of.text("verificationType"), "verified");
  to.end_of_support_ms = of.time("batchSupportEndOfLife");
  const json* abilities = of.find("capabilities");
  if (abilities == nullptr || !abilities->is_array()) return;
  for (const json& one : *abilities)
    if (one.is_string()) to.abilities.push_back(one.get<std::string>());
}

void from(const node& of, file_info& to) {
  to.name = of.text("name");
  to.directory = of.flag("isDirectory");
  const node facts = of.in("properties");
  const std::string size = facts.text("contentLength");  // a text, in JSON
  std::from_chars(size.data(), size.data() + size.size(), to.size);
  if (size.empty())
    to.size = static_cast<std::uint64_t>(std::max(facts.number("contentLength"), 0));
  to.modified_ms = facts.time("lastModified");
}

void from(const node& of, job_info& to) {
  to.id = of.text("id");
  to.url = of.text("url");
  to.etag = of.text("eTag");
  to.display_name = of.text("displayName");
  to.state = of.word<job_state>("state", {"active", "disabling", "disabled", "enabling",
                                          "terminating", "completed", "deleting"});
  to.priority = of.number("priority");
  to.terminate_when_done = same_word(of.text("onAllTasksComplete"), "terminatejob");
  to.created_ms = of.time("creationTime");
  to.state_changed_ms = of.time("stateTransitionTime");
  const node run = of.in("executionInfo");
  to.pool_id = of.in("poolInfo").text("poolId");
  if (to.pool_id.empty()) to.pool_id = run.text("poolId");
  to.started_ms = run.time("startTime");
  to.ended_ms = run.time("endTime");
  to.why_ended = run.text("terminateReason");
  to.scheduling_error = failure_of(run, "schedulingError");
  to.metadata = pairs(of, "metadata", "name");
}

void from(const node& of, task_counts& to) {
  const node counts = of.in("taskCounts") ? of.in("taskCounts") : of;
  to = {counts.number("active"), counts.number("running"), counts.number("completed"),
        counts.number("succeeded"), counts.number("failed")};
}

void from(const node& of, node_preparation& to) {
  to.node = of.text("nodeId");
  to.pool = of.text("poolId");
  const node preparation = of.in("jobPreparationTaskExecutionInfo");
  to.prepared = same_word(preparation.text("state"), "completed");
  to.preparation = result_of(preparation);
  to.preparation_exit_code = preparation.maybe("exitCode");
  to.preparation_failure = failure_of(preparation, "failureInfo");
  const node release = of.in("jobReleaseTaskExecutionInfo");
  to.released = same_word(release.text("state"), "completed");
  to.release = result_of(release);
  to.release_failure = failure_of(release, "failureInfo");
}

void from(const node& of, task_info& to) {
  to.id = of.text("id");
  to.url = of.text("url");
  to.etag = of.text("eTag");
  to.display_name = of.text("displayName");
  to.state = task_state_of(of);
  to.created_ms = of.time("creationTime");
  to.state_changed_ms = of.time("stateTransitionTime");
  const node run = of.in("executionInfo");
  to.result = result_of(run);
  to.exit_code = run.maybe("exitCode");
  to.failure = failure_of(run, "failureInfo");
  to.retries = run.number("retryCount");
  to.requeues = run.number("requeueCount");
  to.started_ms = run.time("startTime");
  to.ended_ms = run.time("endTime");
  const node where = of.in("nodeInfo");
  to.node = where.text("nodeId");
  to.pool = where.text("poolId");
  to.directory = where.text("taskRootDirectory");
}

void from(const node& of, subtask_info& to) {
  to.id = of.number("id");
  to.state = task_state_of(of);
  to.result = result_of(of);
  to.exit_code = of.maybe("exitCode");
  to.failure = failure_of(of, "failureInfo");
  to.node = of.in("nodeInfo").text("nodeId");
}

void from(const node& of, task_added& to) {
  to.id = of.text("taskId");
  const node why = of.in("error");
  to.added =
      same_word(of.text("status"), "success") || (why && same_word(why.text("code"), "TaskExists"));
  to.try_again = same_word(of.text("status"), "servererror");
  if (why) to.why = trouble_of(why, "values");
}

template <class T>
std::optional<T> read_one(std::string_view text) {
  const json whole = json::parse(text, nullptr, false);
  if (!whole.is_object()) return std::nullopt;
  T out;
  from(node(&whole), out);
  return out;
}

template <class T>
std::optional<page<T>> read_many(std::string_view text) {
  const json whole = json::parse(text, nullptr, false);
  if (!whole.is_object() || !whole.contains("value") || !whole["value"].is_array())
    return std::nullopt;
  page<T> out;
  const node at(&whole);
  at.every("value", [&](const node& one) { from(one, out.items.emplace_back()); });
  out.next = at.text("odata.nextLink");
  return out;
}

}  // namespace

// The name of a type cannot stand in parentheses. NOLINTBEGIN(bugprone-macro-parentheses)
#define CLUSTERLESS_READ(type)                      \
  template <>                                       \
  std::optional<type> read(std::string_view text) { \
    return read_one<type>(text);                    \
  }
#define CLUSTERLESS_READ_PAGE(type)                            \
  template <>                                                  \
  std::optional<page<type>> read_page(std::string_view text) { \
    return read_many<type>(text);                              \
  }

// NOLINTEND(bugprone-macro-parentheses)
CLUSTERLESS_READ(pool_info)
CLUSTERLESS_READ(node_info)
CLUSTERLESS_READ(formula_run)
CLUSTERLESS_READ(login_address)
CLUSTERLESS_READ(job_info)
CLUSTERLESS_READ(task_counts)
CLUSTERLESS_READ(task_info)
CLUSTERLESS_READ_PAGE(pool_info)
CLUSTERLESS_READ_PAGE(node_counts)
CLUSTERLESS_READ_PAGE(image_support)
CLUSTERLESS_READ_PAGE(node_info)
CLUSTERLESS_READ_PAGE(file_info)
CLUSTERLESS_READ_PAGE(job_info)
CLUSTERLESS_READ_PAGE(node_preparation)
CLUSTERLESS_READ_PAGE(task_info)
CLUSTERLESS_READ_PAGE(subtask_info)
CLUSTERLESS_READ_PAGE(task_added)

}  // namespace clusterless::azure::batch
