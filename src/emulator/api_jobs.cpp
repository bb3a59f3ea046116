// SPDX-License-Identifier: MIT
// Operations on jobs.
#include "emulator/api.hpp"
#include "emulator/odata.hpp"
#include "emulator/render.hpp"
#include "emulator/validate.hpp"

namespace clusterless::emulator {

http_answer batch_api::add_job(const call& of) {
  json body = parse_body(of.request.body);
  check_job(body);
  const job& made = model_.add_job(std::move(body));
  http_answer answer = accepted(of, 201, made.modified);
  // The service names every new job so, whatever its id.
  const std::string url = of.base + "/jobs/job-1";
  for (auto& [name, value] : answer.headers)
    if (name == "DataServiceId") value = url;
  answer.headers.emplace_back("Location", url);
  return answer;
}

http_answer batch_api::list_jobs(const call& of) {
  return page_of_documents(of, "jobs", model_.jobs(), job_document);
}

http_answer batch_api::get_job(const call& of) {
  const job& found = model_.find_job(of.name(1));
  return entity(of, "jobs", job_document(found, of.base), found.modified);
}

http_answer batch_api::patch_job(const call& of) {
  job& found = model_.find_job(of.name(1));
  check_conditions(of, found.modified);
  if (found.state == job_state::completed) refuse("JobCompleted");
  if (found.state == job_state::terminating) refuse("JobBeingTerminated");
  if (found.state == job_state::deleting) refuse("JobBeingDeleted");
  const json body = parse_body(of.request.body);
  json changed = found.doc;
  for (const char* name :
       {"priority", "maxParallelTasks", "allowTaskPreemption", "onAllTasksComplete", "constraints",
        "poolInfo", "metadata", "networkConfiguration"})
    if (const json& value = member(body, name); !value.is_null()) changed[name] = value;
  check_job(changed);
  if (const json& info = member(body, "poolInfo"); info.is_object()) {
    if (found.state != job_state::disabled &&
        text_of(info, "poolId") != text_of(member(found.doc, "poolInfo"), "poolId"))
      refuse("OperationInvalidForCurrentState",
             {{"Reason", "The pool of a job can be changed while the job is disabled"}});
    found.pool_id = text_of(info, "poolId", found.pool_id);
  }
  found.doc = std::move(changed);
  model_.touch(found);
  return accepted(of, 200, found.modified);
}

http_answer batch_api::put_job(const call& of) {
  const json body = parse_body(of.request.body);
  require(body, "poolInfo");
  job& found = model_.find_job(of.name(1));
  if (found.state == job_state::active || found.state == job_state::disabled)
    for (const char* name : {"priority", "maxParallelTasks", "onAllTasksComplete", "constraints",
                             "metadata", "allowTaskPreemption"})
      if (!body.contains(name)) found.doc.erase(name);
  return patch_job(of);
}

http_answer batch_api::delete_job(const call& of) {
  job& found = model_.find_job(of.name(1));
  check_conditions(of, found.modified);
  model_.delete_job(found);
  return accepted(of, 202, 0);
}

http_answer batch_api::disable_job(const call& of) {
  job& found = model_.find_job(of.name(1));
  check_conditions(of, found.modified);
  const json body = parse_body(of.request.body);
  require(body, "disableTasks");
  const std::string how = text_of(body, "disableTasks");
  if (!same_text(how, "requeue") && !same_text(how, "terminate") && !same_text(how, "wait"))
    bad_property("disableTasks", how, "The value is requeue, terminate or wait");
  model_.disable_job(found, how);
  return accepted(of, 202, found.modified);
}

http_answer batch_api::enable_job(const call& of) {
  job& found = model_.find_job(of.name(1));
  check_conditions(of, found.modified);
  model_.enable_job(found);
  return accepted(of, 202, found.modified);
}

http_answer batch_api::terminate_job(const call& of) {
  job& found = model_.find_job(of.name(1));
  check_conditions(of, found.modified);
  const json body = of.request.body.empty() ? json::object() : parse_body(of.request.body);
  model_.terminate_job(found, text_of(body, "terminateReason", "UserTerminate"));
  return accepted(of, 202, found.modified);
}

http_answer batch_api::preparation_status(const call& of) {
  job& found = model_.find_job(of.name(1));
  if (!member(found.doc, "jobPreparationTask").is_object())
    refuse("JobPreparationTaskNotSpecified");
  const auto in = model_.pools().find(in_lower_case(found.pool_id));
  const json all = in == model_.pools().end() ? json::array()
                                              : preparations_document(*in->second, found, of.base);
  return page(of, "jobpreparationandreleasetaskstatuslist", all);
}

http_answer batch_api::task_counts(const call& of) {
  const job& found = model_.find_job(of.name(1));
  http_answer made;
  made.headers.emplace_back("Content-Type", "application/json;odata=minimalmetadata");
  json body{{"odata.metadata", of.base + "/$metadata#taskcountsresult/@Element"}};
  body.update(counts_document(found));
  made.body = body.dump();
  return made;
}

}  // namespace clusterless::emulator
