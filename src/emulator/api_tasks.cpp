// SPDX-License-Identifier: MIT
// Operations on tasks.
#include <algorithm>

#include "emulator/api.hpp"
#include "emulator/odata.hpp"
#include "emulator/render.hpp"
#include "emulator/validate.hpp"

namespace clusterless::emulator {

namespace {

// Batch REST, "Task - Add Collection".
constexpr std::size_t most_tasks = 100;
constexpr std::size_t largest_collection = std::size_t{1} << 20;

task& task_of(model& in, const std::string& job_id, const std::string& task_id) {
  return in.find_task(in.find_job(job_id), task_id);
}

}  // namespace

http_answer batch_api::add_task(const call& of) {
  job& in = model_.find_job(of.name(1));
  const json body = parse_body(of.request.body);
  check_task(body, in);
  const task& made = model_.add_task(in, body);
  http_answer answer = accepted(of, 201, made.modified);
  const std::string url = of.base + "/jobs/" + in.id + "/tasks/" + made.id;
  for (auto& [name, value] : answer.headers)
    if (name == "DataServiceId") value = url;
  answer.headers.emplace_back("Location", url);
  return answer;
}

http_answer batch_api::add_tasks(const call& of) {
  if (of.request.body.size() > largest_collection) refuse("RequestBodyTooLarge");
  job& in = model_.find_job(of.name(1));
  const json body = parse_body(of.request.body);
  require(body, "value");
  const json& wanted = body["value"];
  if (!wanted.is_array()) refuse("InvalidRequestBody", {{"Reason", "value is a list of tasks"}});
  if (wanted.size() > most_tasks)
    bad_property("value", std::to_string(wanted.size()), "At most 100 tasks can be added at once");
  switch (in.state) {
    case job_state::deleting:
      refuse("JobBeingDeleted");
    case job_state::terminating:
      refuse("JobBeingTerminated");
    case job_state::completed:
      refuse("JobCompleted");
    default:
      break;
  }
  json results = json::array();
  for (const json& each : wanted) {
    json result{{"status", "Success"}, {"taskId", text_of(each, "id")}};
    const std::string url = of.base + "/jobs/" + in.id + "/tasks/" + text_of(each, "id");
    try {
      check_task(each, in);
      const task& made = model_.add_task(in, each);
      result["eTag"] = entity_tag(made.modified);
      result["lastModified"] = iso_time(made.modified);
      result["location"] = url;
    } catch (const service_error& caught) {
      result["status"] = "ClientError";
      json problem{{"code", caught.code()},
                   {"message",
                    {{"lang", "en-US"},
                     {"value", caught.message() + "\nRequestId:" + random_uuid() +
                                   "\nTime:" + iso_time(model_.now())}}}};
      for (const auto& [key, value] : caught.values())
        problem["values"].push_back({{"key", key}, {"value", value}});
      result["error"] = std::move(problem);
    }
    results.push_back(std::move(result));
  }
  // The service gives them in no order: neither may a client count on one.
  std::reverse(results.begin(), results.end());
  http_answer made;
  made.headers.emplace_back("Content-Type", "application/json;odata=minimalmetadata");
  made.body =
      json{{"odata.metadata", of.base + "/$metadata#taskaddresult"}, {"value", std::move(results)}}
          .dump(-1, ' ', false, json::error_handler_t::replace);
  return made;
}

http_answer batch_api::list_tasks(const call& of) {
  return page_of(of, "tasks", model_.find_job(of.name(1)).tasks, [&](const task& held, row& into) {
    into.field = [&held](std::string_view path) { return task_field(held, path); };
    into.document = [&held, &of] { return task_document(held, of.base); };
  });
}

http_answer batch_api::get_task(const call& of) {
  const task& found = task_of(model_, of.name(1), of.name(3));
  return entity(of, "tasks", task_document(found, of.base), found.modified);
}

http_answer batch_api::put_task(const call& of) {
  task& found = task_of(model_, of.name(1), of.name(3));
  check_conditions(of, found.modified);
  if (found.state == task_state::completed) refuse("TaskCompleted");
  const json body = parse_body(of.request.body);
  const json& limits = member(body, "constraints");
  found.max_wall = duration_in(limits, "maxWallClockTime", 0, unlimited).value_or(unlimited);
  found.retention = duration_in(limits, "retentionTime", 0, unlimited).value_or(7 * one_day);
  found.max_retries = static_cast<int>(
      number_of(limits, "maxTaskRetryCount",
                number_of(member(found.of->doc, "constraints"), "maxTaskRetryCount", 0)));
  found.modified = std::max(model_.now(), found.modified + 1);
  return accepted(of, 200, found.modified);
}

http_answer batch_api::delete_task(const call& of) {
  task& found = task_of(model_, of.name(1), of.name(3));
  check_conditions(of, found.modified);
  model_.delete_task(found);
  return accepted(of, 200, 0);
}

http_answer batch_api::terminate_task(const call& of) {
  task& found = task_of(model_, of.name(1), of.name(3));
  check_conditions(of, found.modified);
  model_.terminate_task(found);
  http_answer made = accepted(of, 204, found.modified);
  made.chunked = false;
  return made;
}

http_answer batch_api::reactivate_task(const call& of) {
  task& found = task_of(model_, of.name(1), of.name(3));
  check_conditions(of, found.modified);
  model_.reactivate_task(found);
  http_answer made = accepted(of, 204, found.modified);
  made.chunked = false;
  return made;
}

http_answer batch_api::subtasks(const call& of) {
  const task& found = task_of(model_, of.name(1), of.name(3));
  if (!found.multi_instance)
    refuse("OperationInvalidForCurrentState", {{"Reason", "The task is no multi-instance task"}});
  return page(of, "subtaskinfo", subtasks_document(found, of.base));
}

}  // namespace clusterless::emulator
