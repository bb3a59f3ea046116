// SPDX-License-Identifier: MIT
#include "azure/batch.hpp"

#include <algorithm>
#include <charconv>

#include "azure/blob_answers.hpp"
#include "azure/text.hpp"

namespace clusterless::azure::batch {
namespace {

constexpr const char* body_type = "application/json; odata=minimalmetadata; charset=utf-8";

std::string segment(const std::string& id) {
  return "/" + percent_encoded(id);
}
std::string pool_path(const std::string& pool) {
  return "/pools" + segment(pool);
}
std::string node_path(const std::string& pool, const std::string& node) {
  return pool_path(pool) + "/nodes" + segment(node);
}
std::string job_path(const std::string& job) {
  return "/jobs" + segment(job);
}
std::string task_path(const std::string& job, const std::string& task) {
  return job_path(job) + "/tasks" + segment(task);
}

}  // namespace

client::client(exchange& over, std::string url, std::string api_version)
    : exchange_(over), url_(std::move(url)), api_version_(std::move(api_version)) {
  while (url_.ends_with('/'))
    url_.pop_back();
}

call client::make(std::string what, std::string method, const std::string& path,
                  std::string body) const {
  call out;
  out.what = std::move(what);
  out.request.method = std::move(method);
  out.request.url = url_ + path + "?api-version=" + api_version_;
  out.request.headers.push_back({"Accept", "application/json;odata=minimalmetadata"});
  if (!body.empty()) out.request.headers.push_back({"Content-Type", body_type});
  out.request.body = std::move(body);
  return out;
}

void client::act(call what, then<done> then) {
  exchange_.send(std::move(what), answers::nothing(std::move(then)));
}

void client::ask(call what, std::vector<std::string_view> no, then<bool> then) {
  exchange_.send(std::move(what), answers::unless(std::move(no), std::move(then)));
}

template <class T>
void client::fetch(call&& what, then<T> then) {
  const std::string of = what.what;
  exchange_.send(std::move(what), answers::read<T>(of, &read<T>, std::move(then)));
}

template <class T>
void client::find(call&& what, then<std::optional<T>> then) {
  const std::string of = what.what;
  exchange_.send(std::move(what), [of, then = std::move(then)](result<response> got) {
    if (!got && got.error().status == 404) return then(std::optional<T>());
    if (!got) return then(got.error());
    std::optional<T> value = read<T>(got->body);
    if (!value) return then(answers::unreadable(of));
    then(std::move(value));
  });
}

template <class T>
void client::list(std::string what, const std::string& path, const list_options& which,
                  then<page<T>> then) {
  call out = make(std::move(what), "GET", path);
  if (which.next.empty()) {
    query parts;
    if (!which.filter.empty()) parts.emplace_back("$filter", which.filter);
    if (!which.select.empty()) parts.emplace_back("$select", which.select);
    if (!which.expand.empty()) parts.emplace_back("$expand", which.expand);
    if (which.max_results > 0) parts.emplace_back("maxresults", std::to_string(which.max_results));
    if (which.recursive) parts.emplace_back("recursive", "true");
    if (!parts.empty()) out.request.url += "&" + to_text(parts).substr(1);
  } else {
    // A link elsewhere would carry our token there.
    const auto ours = split_url(url_), theirs = split_url(which.next);
    if (!ours || !theirs || ours->host != theirs->host || ours->scheme != theirs->scheme) {
      service_error why = answers::unreadable(out.what);
      why.message = "the link to the next page leads to another host";
      on().later(0, [then, why] { then(why); });
      return;
    }
    out.request.url = which.next;
  }
  const std::string of = out.what;
  exchange_.send(std::move(out), answers::read<page<T>>(of, &read_page<T>, std::move(then)));
}

// ---- pools

void client::add_pool(const pool_spec& what, then<bool> then) {
  call out = make("create pool " + what.id, "POST", "/pools", write(what, api_version_));
  out.request.fresh_connection = true;
  out.done_already = {"PoolExists"};
  ask(std::move(out), {"PoolExists"}, std::move(then));
}

void client::get_pool(const std::string& pool, then<std::optional<pool_info>> then) {
  find<pool_info>(make("look at pool " + pool, "GET", pool_path(pool)), std::move(then));
}

void client::patch_pool(const std::string& pool, const pool_patch& what,
                        const std::string& if_match, then<done> then) {
  call out = make("change pool " + pool, "PATCH", pool_path(pool), write(what));
  if (!if_match.empty()) out.request.headers.push_back({"If-Match", if_match});
  act(std::move(out), std::move(then));
}

void client::delete_pool(const std::string& pool, then<bool> then) {
  call out = make("delete pool " + pool, "DELETE", pool_path(pool));
  out.done_already = {"PoolBeingDeleted", "PoolNotFound"};
  ask(std::move(out), {"PoolBeingDeleted", "PoolNotFound"}, std::move(then));
}

void client::resize_pool(const std::string& pool, const resize& to, then<done> then) {
  call out = make("resize pool " + pool, "POST", pool_path(pool) + "/resize", write(to));
  out.done_already = {"PoolBeingResized"};
  act(std::move(out), std::move(then));
}

void client::stop_resize(const std::string& pool, then<done> then) {
  act(make("stop the resize of pool " + pool, "POST", pool_path(pool) + "/stopresize"),
      std::move(then));
}

void client::remove_nodes(const std::string& pool, const std::vector<std::string>& nodes,
                          deallocation how, then<done> then) {
  call out = make("remove nodes of pool " + pool, "POST", pool_path(pool) + "/removenodes",
                  write_removal(nodes, how));
  out.done_already = {"PoolBeingResized"};
  act(std::move(out), std::move(then));
}

void client::enable_autoscale(const std::string& pool, const std::string& formula, int interval_s,
                              then<done> then) {
  act(make("enable autoscale of pool " + pool, "POST", pool_path(pool) + "/enableautoscale",
           write_formula(formula, interval_s)),
      std::move(then));
}

void client::disable_autoscale(const std::string& pool, then<done> then) {
  act(make("disable autoscale of pool " + pool, "POST", pool_path(pool) + "/disableautoscale"),
      std::move(then));
}

void client::evaluate_autoscale(const std::string& pool, const std::string& formula,
                                then<formula_run> then) {
  fetch<formula_run>(make("evaluate a formula for pool " + pool, "POST",
                          pool_path(pool) + "/evaluateautoscale", write_formula(formula, 0)),
                     std::move(then));
}

void client::list_pools(const list_options& which, then<page<pool_info>> then) {
  list<pool_info>("list pools", "/pools", which, std::move(then));
}

void client::count_nodes(const list_options& which, then<page<node_counts>> then) {
  list<node_counts>("count nodes", "/nodecounts", which, std::move(then));
}

void client::list_images(const list_options& which, then<page<image_support>> then) {
  list<image_support>("list images", "/supportedimages", which, std::move(then));
}

// ---- nodes

void client::list_nodes(const std::string& pool, const list_options& which,
                        then<page<node_info>> then) {
  list<node_info>("list the nodes of pool " + pool, pool_path(pool) + "/nodes", which,
                  std::move(then));
}

void client::get_node(const std::string& pool, const std::string& node,
                      then<std::optional<node_info>> then) {
  find<node_info>(make("look at node " + node + " of pool " + pool, "GET", node_path(pool, node)),
                  std::move(then));
}

void client::reboot_node(const std::string& pool, const std::string& node, then<done> then) {
  act(make("reboot node " + node + " of pool " + pool, "POST", node_path(pool, node) + "/reboot",
           R"({"nodeRebootOption":"requeue"})"),
      std::move(then));
}

void client::get_login_address(const std::string& pool, const std::string& node,
                               then<login_address> then) {
  fetch<login_address>(make("find the address of node " + node + " of pool " + pool, "GET",
                            node_path(pool, node) + "/remoteloginsettings"),
                       std::move(then));
}

void client::list_node_files(const std::string& pool, const std::string& node,
                             const list_options& which, then<page<file_info>> then) {
  list<file_info>("list the files of node " + node, node_path(pool, node) + "/files", which,
                  std::move(then));
}

void client::get_node_file(const std::string& pool, const std::string& node,
                           const std::string& file, std::uint64_t offset, std::uint64_t limit,
                           then<std::optional<file_content>> then) {
  get_file(make("read " + file + " of node " + node, "GET",
                node_path(pool, node) + "/files" + segment(file)),
           offset, limit, std::move(then));
}

void client::get_file(call what, std::uint64_t offset, std::uint64_t limit,
                      then<std::optional<file_content>> then) {
  if (offset > 0 || limit > 0)
    what.request.headers.push_back(
        {"ocp-range", "bytes=" + std::to_string(offset) + "-" +
                          (limit > 0 ? std::to_string(offset + limit - 1) : "")});
  // A range behind the end: nothing was written since the last look.
  exchange_.send(std::move(what), [then = std::move(then)](result<response> got) {
    if (!got && got.error().status == 404) return then(std::optional<file_content>());
    if (!got && got.error().status == 416) return then(std::optional(file_content()));
    if (!got) return then(got.error());
    file_content out;
    out.size = answers::facts_of(got.value()).size;
    out.body = std::move(got->body);
    out.size = std::max<std::uint64_t>(out.size, out.body.size());
    then(std::optional(std::move(out)));
  });
}

// ---- jobs

void client::add_job(const job_spec& what, then<bool> then) {
  call out = make("create job " + what.id, "POST", "/jobs", write(what));
  out.request.fresh_connection = true;
  out.done_already = {"JobExists"};
  ask(std::move(out), {"JobExists"}, std::move(then));
}

void client::get_job(const std::string& job, then<std::optional<job_info>> then) {
  find<job_info>(make("look at job " + job, "GET", job_path(job)), std::move(then));
}

void client::patch_job(const std::string& job, const job_patch& what, const std::string& if_match,
                       then<done> then) {
  call out = make("change job " + job, "PATCH", job_path(job), write(what));
  if (!if_match.empty()) out.request.headers.push_back({"If-Match", if_match});
  act(std::move(out), std::move(then));
}

void client::terminate_job(const std::string& job, const std::string& reason, then<done> then) {
  call out =
      make("terminate job " + job, "POST", job_path(job) + "/terminate", write_termination(reason));
  out.done_already = {"JobBeingTerminated", "JobTerminating", "JobCompleted"};
  act(std::move(out), std::move(then));
}

void client::disable_job(const std::string& job, requeue running, then<done> then) {
  call out = make("disable job " + job, "POST", job_path(job) + "/disable", write_disable(running));
  out.done_already = {"JobDisabled", "JobBeingDisabled"};
  act(std::move(out), std::move(then));
}

void client::enable_job(const std::string& job, then<done> then) {
  call out = make("enable job " + job, "POST", job_path(job) + "/enable");
  out.done_already = {"JobNotDisabled"};
  act(std::move(out), std::move(then));
}

void client::delete_job(const std::string& job, then<bool> then) {
  call out = make("delete job " + job, "DELETE", job_path(job));
  out.done_already = {"JobBeingDeleted", "JobNotFound"};
  ask(std::move(out), {"JobBeingDeleted", "JobNotFound"}, std::move(then));
}

void client::list_jobs(const list_options& which, then<page<job_info>> then) {
  list<job_info>("list jobs", "/jobs", which, std::move(then));
}

void client::count_tasks(const std::string& job, then<task_counts> then) {
  fetch<task_counts>(make("count the tasks of job " + job, "GET", job_path(job) + "/taskcounts"),
                     std::move(then));
}

void client::list_preparations(const std::string& job, const list_options& which,
                               then<page<node_preparation>> then) {
  list<node_preparation>("list the preparation of job " + job,
                         job_path(job) + "/jobpreparationandreleasetaskstatus", which,
                         std::move(then));
}

// ---- tasks; adding them is in batch_tasks.cpp

void client::get_task(const std::string& job, const std::string& task,
                      then<std::optional<task_info>> then) {
  find<task_info>(make("look at task " + task + " of job " + job, "GET", task_path(job, task)),
                  std::move(then));
}

void client::list_tasks(const std::string& job, const list_options& which,
                        then<page<task_info>> then) {
  list<task_info>("list the tasks of job " + job, job_path(job) + "/tasks", which, std::move(then));
}

void client::terminate_task(const std::string& job, const std::string& task, then<bool> then) {
  call out = make("terminate task " + task + " of job " + job, "POST",
                  task_path(job, task) + "/terminate");
  out.done_already = {"TaskCompleted"};
  ask(std::move(out), {"TaskCompleted"}, std::move(then));
}

void client::reactivate_task(const std::string& job, const std::string& task, then<bool> then) {
  call out = make("run task " + task + " of job " + job + " again", "POST",
                  task_path(job, task) + "/reactivate");
  out.done_already = {"TaskNotCompleted"};
  ask(std::move(out), {"TaskNotCompleted", "TaskSucceeded"}, std::move(then));
}

void client::delete_task(const std::string& job, const std::string& task, then<bool> then) {
  call out = make("delete task " + task + " of job " + job, "DELETE", task_path(job, task));
  out.done_already = {"TaskNotFound"};
  ask(std::move(out), {"TaskNotFound"}, std::move(then));
}

void client::list_subtasks(const std::string& job, const std::string& task,
                           then<page<subtask_info>> then) {
  list<subtask_info>("list the subtasks of task " + task + " of job " + job,
                     task_path(job, task) + "/subtasksinfo", {}, std::move(then));
}

void client::list_task_files(const std::string& job, const std::string& task,
                             const list_options& which, then<page<file_info>> then) {
  list<file_info>("list the files of task " + task + " of job " + job,
                  task_path(job, task) + "/files", which, std::move(then));
}

void client::get_task_file(const std::string& job, const std::string& task, const std::string& file,
                           std::uint64_t offset, std::uint64_t limit,
                           then<std::optional<file_content>> then) {
  get_file(make("read " + file + " of task " + task + " of job " + job, "GET",
                task_path(job, task) + "/files" + segment(file)),
           offset, limit, std::move(then));
}

}  // namespace clusterless::azure::batch
