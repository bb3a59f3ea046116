// SPDX-License-Identifier: MIT
// The operations of Batch as requests and answers: paths, conditions, bodies, headers and error
// bodies as the service has them. It knows no socket and takes no lock: who calls it holds the
// model's.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "emulator/auth.hpp"
#include "emulator/http.hpp"
#include "emulator/model.hpp"
#include "emulator/odata.hpp"
#include "emulator/service_error.hpp"

namespace clusterless::emulator {

/// Where the files of nodes are on this machine.
class node_files {
 public:
  virtual ~node_files() = default;
  /// The root directory of node `number`; empty: it has no files.
  virtual std::string root(int number) const = 0;
};

class batch_api {
 public:
  batch_api(model& on, const node_files& files, account_keys keys)
      : model_(on), files_(files), keys_(std::move(keys)) {}

  /// Answers any request; errors are answers, too.
  http_answer answer(const http_request& request);

  /// Moves the clock that signatures are checked against.
  void set_skew(ticks skew) { skew_ = skew; }

 private:
  /// A request with what its path says.
  struct call {
    const http_request& request;
    std::string base;                ///< "http://127.0.0.1:8080"
    std::vector<std::string> parts;  ///< decoded segments of the path
    std::string name(std::size_t i) const { return i < parts.size() ? parts[i] : std::string(); }
  };
  using operation = http_answer (batch_api::*)(const call&);

  http_answer dispatch(const call& of);
  http_answer error_answer(const service_error& what, const call& of) const;
  void add_common_headers(http_answer& to, const http_request& request) const;
  void check_version(const http_request& request) const;
  static const std::map<std::string, operation>& operations();

  // Pools (api_pools.cpp)
  http_answer add_pool(const call& of);
  http_answer list_pools(const call& of);
  http_answer get_pool(const call& of);
  http_answer patch_pool(const call& of);
  http_answer update_pool(const call& of);
  http_answer delete_pool(const call& of);
  http_answer resize_pool(const call& of);
  http_answer stop_resize(const call& of);
  http_answer remove_nodes(const call& of);
  http_answer enable_autoscale(const call& of);
  http_answer disable_autoscale(const call& of);
  http_answer evaluate_autoscale(const call& of);
  http_answer node_counts(const call& of);
  http_answer supported_images(const call& of);
  http_answer list_nodes(const call& of);
  http_answer get_node(const call& of);
  http_answer reboot_node(const call& of);
  http_answer reimage_node(const call& of);
  http_answer disable_scheduling(const call& of);
  http_answer enable_scheduling(const call& of);
  http_answer remote_login(const call& of);

  http_answer nothing(const call& of);  ///< lists of what the emulator does not have

  // Jobs (api_jobs.cpp)
  http_answer add_job(const call& of);
  http_answer list_jobs(const call& of);
  http_answer get_job(const call& of);
  http_answer patch_job(const call& of);
  http_answer put_job(const call& of);
  http_answer delete_job(const call& of);
  http_answer disable_job(const call& of);
  http_answer enable_job(const call& of);
  http_answer terminate_job(const call& of);
  http_answer preparation_status(const call& of);
  http_answer task_counts(const call& of);

  // Tasks (api_tasks.cpp)
  http_answer add_task(const call& of);
  http_answer add_tasks(const call& of);
  http_answer list_tasks(const call& of);
  http_answer get_task(const call& of);
  http_answer put_task(const call& of);
  http_answer delete_task(const call& of);
  http_answer terminate_task(const call& of);
  http_answer reactivate_task(const call& of);
  http_answer subtasks(const call& of);

  // Files (api_files.cpp)
  http_answer list_task_files(const call& of);
  http_answer get_task_file(const call& of);
  http_answer delete_task_file(const call& of);
  http_answer list_node_files(const call& of);
  http_answer get_node_file(const call& of);
  http_answer delete_node_file(const call& of);
  std::string task_directory(const call& of);
  std::string node_directory(const call& of);
  http_answer list_directory(const call& of, const std::string& directory, const std::string& url);
  http_answer file(const call& of, const std::string& directory, const std::string& path,
                   const std::string& url);
  http_answer remove_file(const call& of, const std::string& directory, const std::string& path);

  // Shared (api_shared.cpp)
  struct row {
    std::string key;  ///< what pages go on after
    std::function<odata_value(std::string_view)> field;
    std::function<json()> document;
  };
  /// A page of rows: filtered, selected, with a link to the next.
  static http_answer page(const call& of, const char* type,
                          const std::function<bool(const std::string& after, row& into)>& next,
                          std::int64_t most = 1000);
  static http_answer page(const call& of, const char* type, const json& documents,
                          std::int64_t most = 1000);
  /// A page of what a map holds; `fill(held, into)` tells the fields and the document of a row.
  template <class Held, class Fill>
  static http_answer page_of(const call& of, const char* type, const Held& all, const Fill& fill) {
    return page(of, type, [&](const std::string& after, row& into) {
      const auto at = after.empty() ? all.begin() : all.upper_bound(after);
      if (at == all.end()) return false;
      into.key = at->first;
      fill(*at->second, into);
      return true;
    });
  }
  /// The same where the fields are read in the document that `make(held, base)` makes.
  template <class Held, class Make>
  static http_answer page_of_documents(const call& of, const char* type, const Held& all,
                                       const Make& make) {
    json document;
    return page_of(of, type, all, [&](const auto& held, row& into) {
      document = make(held, of.base);
      into.field = [&](std::string_view path) { return value_at(document, path); };
      into.document = [&] { return document; };
    });
  }
  static http_answer entity(const call& of, const char* type, const json& document, ticks modified);
  static http_answer accepted(const call& of, int status, ticks modified);
  static void check_conditions(const call& of, ticks modified);

  model& model_;
  const node_files& files_;
  account_keys keys_;
  ticks skew_ = 0;
};

/// The answer of the service for an error, for whom it has no `call`.
http_answer error_body(const service_error& what, const std::string& base, ticks now,
                       const std::string& request_id);

}  // namespace clusterless::emulator
