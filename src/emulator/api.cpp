// SPDX-License-Identifier: MIT
#include "emulator/api.hpp"

#include <algorithm>
#include <cctype>

namespace clusterless::emulator {

namespace {

/// "2022-10-01.16.0" or "2025-06-01", from 2019 on.
bool is_version(const std::string& text) {
  const auto date = parse_iso_time(text.substr(0, 10));
  if (!date || text.size() < 10 || text < "2019") return false;
  return std::all_of(text.begin() + 10, text.end(), [](char c) {
    return c == '.' || std::isdigit(static_cast<unsigned char>(c)) != 0;
  });
}

std::vector<std::string> segments(const std::string& path) {
  std::vector<std::string> all;
  std::size_t at = 1;
  while (at <= path.size() && !path.empty()) {
    const auto end = std::min(path.find('/', at), path.size());
    if (end > at) all.push_back(percent_decoded(path.substr(at, end - at)));
    at = end + 1;
  }
  return all;
}

/// "GET /pools/*/nodes" for a request's method and path.
std::string shape(const http_request& request, const std::vector<std::string>& parts) {
  std::string text = request.method == "HEAD" ? "GET" : request.method;
  text += ' ';
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i == 5) return text + "/**";
    text += i % 2 == 0 ? '/' + parts[i] : std::string("/*");
  }
  return text;
}

/// Names that stand where ids do: POST /pools/p/resize is no id.
const std::vector<std::string>& verbs() {
  static const std::vector<std::string> all{"resize",
                                            "stopresize",
                                            "removenodes",
                                            "enableautoscale",
                                            "disableautoscale",
                                            "evaluateautoscale",
                                            "updateproperties",
                                            "nodes",
                                            "tasks",
                                            "disable",
                                            "enable",
                                            "terminate",
                                            "addtaskcollection",
                                            "jobpreparationandreleasetaskstatus",
                                            "taskcounts"};
  return all;
}

}  // namespace

const std::map<std::string, batch_api::operation>& batch_api::operations() {
  using self = batch_api;
  static const std::map<std::string, operation> all{
      {"POST /pools", &self::add_pool},
      {"GET /pools", &self::list_pools},
      {"GET /pools/*", &self::get_pool},
      {"PATCH /pools/*", &self::patch_pool},
      {"DELETE /pools/*", &self::delete_pool},
      {"POST /pools/*/updateproperties", &self::update_pool},
      {"POST /pools/*/resize", &self::resize_pool},
      {"POST /pools/*/stopresize", &self::stop_resize},
      {"POST /pools/*/removenodes", &self::remove_nodes},
      {"POST /pools/*/enableautoscale", &self::enable_autoscale},
      {"POST /pools/*/disableautoscale", &self::disable_autoscale},
      {"POST /pools/*/evaluateautoscale", &self::evaluate_autoscale},
      {"GET /nodecounts", &self::node_counts},
      {"GET /supportedimages", &self::supported_images},
      {"GET /pools/*/nodes", &self::list_nodes},
      {"GET /pools/*/nodes/*", &self::get_node},
      {"POST /pools/*/nodes/*/reboot", &self::reboot_node},
      {"POST /pools/*/nodes/*/reimage", &self::reimage_node},
      {"POST /pools/*/nodes/*/disablescheduling", &self::disable_scheduling},
      {"POST /pools/*/nodes/*/enablescheduling", &self::enable_scheduling},
      {"GET /pools/*/nodes/*/remoteloginsettings", &self::remote_login},
      {"GET /pools/*/nodes/*/files", &self::list_node_files},
      {"GET /pools/*/nodes/*/files/**", &self::get_node_file},
      {"DELETE /pools/*/nodes/*/files/**", &self::delete_node_file},
      {"GET /jobschedules", &self::nothing},
      {"GET /applications", &self::nothing},
      {"GET /certificates", &self::nothing},
      {"GET /poolusagemetrics", &self::nothing},
      {"POST /jobs", &self::add_job},
      {"GET /jobs", &self::list_jobs},
      {"GET /jobs/*", &self::get_job},
      {"PATCH /jobs/*", &self::patch_job},
      {"PUT /jobs/*", &self::put_job},
      {"DELETE /jobs/*", &self::delete_job},
      {"POST /jobs/*/disable", &self::disable_job},
      {"POST /jobs/*/enable", &self::enable_job},
      {"POST /jobs/*/terminate", &self::terminate_job},
      {"GET /jobs/*/jobpreparationandreleasetaskstatus", &self::preparation_status},
      {"GET /jobs/*/taskcounts", &self::task_counts},
      {"POST /jobs/*/tasks", &self::add_task},
      {"POST /jobs/*/addtaskcollection", &self::add_tasks},
      {"GET /jobs/*/tasks", &self::list_tasks},
      {"GET /jobs/*/tasks/*", &self::get_task},
      {"PUT /jobs/*/tasks/*", &self::put_task},
      {"DELETE /jobs/*/tasks/*", &self::delete_task},
      {"POST /jobs/*/tasks/*/terminate", &self::terminate_task},
      {"POST /jobs/*/tasks/*/reactivate", &self::reactivate_task},
      {"GET /jobs/*/tasks/*/subtasksinfo", &self::subtasks},
      {"GET /jobs/*/tasks/*/files", &self::list_task_files},
      {"GET /jobs/*/tasks/*/files/**", &self::get_task_file},
      {"DELETE /jobs/*/tasks/*/files/**", &self::delete_task_file},
  };
  return all;
}

http_answer batch_api::answer(const http_request& request) {
  const std::string host = request.header("host");
  const call of{request,
                (request.tls ? "https://" : "http://") + (host.empty() ? "localhost" : host),
                segments(request.path)};
  http_answer made;
  try {
    check_version(request);
    made = dispatch(of);
  } catch (const service_error& caught) {
    made = error_answer(caught, of);
  }
  add_common_headers(made, request);
  return made;
}

void batch_api::check_version(const http_request& request) const {
  const std::string version = request.parameter("api-version");
  if (version.empty())
    refuse("MissingRequiredQueryParameter", {{"QueryParameterName", "api-version"}});
  if (!is_version(version)) refuse("UnsupportedRequestVersion");
  authenticate(request, keys_, model_.now() + skew_);
  const std::string timeout = request.parameter("timeout");
  if (!timeout.empty()) {
    const int seconds = std::atoi(timeout.c_str());
    if (seconds <= 0 || timeout.size() > 9)
      bad_query("timeout", timeout, "a number of seconds from 1 is needed");
  }
}

http_answer batch_api::dispatch(const call& of) {
  const std::string wanted = shape(of.request, of.parts);
  const auto at = operations().find(wanted);
  if (at != operations().end()) return (this->*at->second)(of);
  const std::string path = wanted.substr(wanted.find(' '));
  for (const auto& [each, what] : operations())
    if (each.substr(each.find(' ')) == path) refuse("UnsupportedHttpVerb");
  if (of.parts.size() == 2 &&
      std::find(verbs().begin(), verbs().end(), of.parts[1]) != verbs().end())
    refuse("UnsupportedHttpVerb");
  refuse("InvalidUri");
}

http_answer error_body(const service_error& what, const std::string& base, ticks now,
                       const std::string& request_id) {
  http_answer made;
  made.status = what.status();
  made.chunked = false;
  made.headers.emplace_back("Content-Type", "application/json;odata=minimalmetadata");
  json body{
      {"odata.metadata",
       base + "/$metadata#Microsoft.Azure.Batch.Protocol.Entities.Container.errors/@Element"},
      {"code", what.code()},
      {"message",
       {{"lang", "en-US"},
        {"value", what.message() + "\nRequestId:" + request_id + "\nTime:" + iso_time(now)}}}};
  for (const auto& [key, value] : what.values())
    body["values"].push_back({{"key", key}, {"value", value}});
  made.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  return made;
}

http_answer batch_api::error_answer(const service_error& what, const call& of) const {
  const std::string id = random_uuid();
  http_answer made = error_body(what, of.base, model_.now(), id);
  made.headers.emplace_back("request-id", id);
  if (of.request.method == "HEAD" || what.status() == 304) made.body.clear();
  return made;
}

void batch_api::add_common_headers(http_answer& to, const http_request& request) const {
  if (to.header("request-id").empty()) to.headers.emplace_back("request-id", random_uuid());
  to.headers.emplace_back("Server", "Microsoft-HTTPAPI/2.0");
  to.headers.emplace_back("DataServiceVersion", "3.0");
  to.headers.emplace_back("Date", http_date(model_.now() + skew_));
  to.headers.emplace_back("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
  to.headers.emplace_back("X-Content-Type-Options", "nosniff");
  if (!same_text(request.header("return-client-request-id"), "true")) return;
  for (const char* name : {"client-request-id", "x-ms-client-request-id"})
    if (const std::string id = request.header(name); !id.empty())
      to.headers.emplace_back("client-request-id", id);
}

}  // namespace clusterless::emulator
