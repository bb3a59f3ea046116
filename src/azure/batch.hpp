// SPDX-License-Identifier: MIT
// Azure Batch, one call a request (adding tasks is many at once). Calls return at once and end in
// loop::poll(). A thing that is not there is a value, and so is one that is there already;
// everything else that is no success is a service_error. It decides nothing: no polling, no waiting
// for states. Source: Batch service REST API; "azure/batch_types.hpp" names the version.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "azure/batch_json.hpp"
#include "azure/batch_types.hpp"
#include "azure/exchange.hpp"

namespace clusterless::azure::batch {

/// What became of one task that was to be added.
struct add_result {
  std::string id = {};
  std::optional<service_error> error = {};  ///< none: it is there
};
struct add_options {
  int parallel = 4;  ///< calls under way at once
};

/// Bytes of a file, and what is known of it.
struct file_content {
  std::string body = {};
  std::uint64_t size = 0;  ///< of the whole file
};

class client {
 public:
  /// `over` must outlive the client, and the client its calls. `url` is the account's:
  /// "https://NAME.REGION.batch.azure.com".
  client(exchange& over, std::string url, std::string api_version = default_api_version);

  // Pools. Ids are not case sensitive.
  /// Whether it was made; false when there is one of this id already.
  void add_pool(const pool_spec& what, then<bool> then);
  void get_pool(const std::string& pool, then<std::optional<pool_info>> then);
  /// With `if_match`, an etag, only when nobody changed it meanwhile (412 ConditionNotMet).
  void patch_pool(const std::string& pool, const pool_patch& what, const std::string& if_match,
                  then<done> then);
  /// Whether there was one to delete.
  void delete_pool(const std::string& pool, then<bool> then);
  void resize_pool(const std::string& pool, const resize& to, then<done> then);
  void stop_resize(const std::string& pool, then<done> then);
  /// At most max_nodes_per_removal nodes.
  void remove_nodes(const std::string& pool, const std::vector<std::string>& nodes,
                    deallocation how, then<done> then);
  /// `interval_s` 0: as it is, else at least 300. At most one such call in 30 s.
  void enable_autoscale(const std::string& pool, const std::string& formula, int interval_s,
                        then<done> then);
  void disable_autoscale(const std::string& pool, then<done> then);
  /// Runs a formula without using its result; the pool must have autoscale on.
  void evaluate_autoscale(const std::string& pool, const std::string& formula,
                          then<formula_run> then);
  void list_pools(const list_options& which, then<page<pool_info>> then);
  void count_nodes(const list_options& which, then<page<node_counts>> then);
  void list_images(const list_options& which, then<page<image_support>> then);

  // Nodes.
  void list_nodes(const std::string& pool, const list_options& which, then<page<node_info>> then);
  void get_node(const std::string& pool, const std::string& node,
                then<std::optional<node_info>> then);
  /// Starts the machine anew; its tasks are queued again.
  void reboot_node(const std::string& pool, const std::string& node, then<done> then);
  void get_login_address(const std::string& pool, const std::string& node,
                         then<login_address> then);
  void list_node_files(const std::string& pool, const std::string& node, const list_options& which,
                       then<page<file_info>> then);
  /// Up to `limit` bytes (0: all) from `offset`; nothing when there is no such file or node.
  void get_node_file(const std::string& pool, const std::string& node, const std::string& file,
                     std::uint64_t offset, std::uint64_t limit,
                     then<std::optional<file_content>> then);

  // Jobs.
  void add_job(const job_spec& what, then<bool> then);
  void get_job(const std::string& job, then<std::optional<job_info>> then);
  void patch_job(const std::string& job, const job_patch& what, const std::string& if_match,
                 then<done> then);
  void terminate_job(const std::string& job, const std::string& reason, then<done> then);
  void disable_job(const std::string& job, requeue running, then<done> then);
  void enable_job(const std::string& job, then<done> then);
  void delete_job(const std::string& job, then<bool> then);
  void list_jobs(const list_options& which, then<page<job_info>> then);
  void count_tasks(const std::string& job, then<task_counts> then);
  void list_preparations(const std::string& job, const list_options& which,
                         then<page<node_preparation>> then);

  // Tasks.
  /// Adds any number of tasks in as few calls as the service allows: at most 100 tasks and below
  /// 1 MB each, halved when the service finds one too large, several at once. A task that is there
  /// already counts as added; one that the service could not take is offered again. The value has
  /// one entry a task, in the order given; the call as a whole never fails.
  void add_tasks(const std::string& job, const std::vector<task_spec>& what, const add_options& how,
                 then<std::vector<add_result>> then);
  void get_task(const std::string& job, const std::string& task,
                then<std::optional<task_info>> then);
  void list_tasks(const std::string& job, const list_options& which, then<page<task_info>> then);
  /// Whether it was still running; false when it is over already.
  void terminate_task(const std::string& job, const std::string& task, then<bool> then);
  /// Runs a failed task again; false when it did not fail.
  void reactivate_task(const std::string& job, const std::string& task, then<bool> then);
  void delete_task(const std::string& job, const std::string& task, then<bool> then);
  void list_subtasks(const std::string& job, const std::string& task,
                     then<page<subtask_info>> then);
  void list_task_files(const std::string& job, const std::string& task, const list_options& which,
                       then<page<file_info>> then);
  void get_task_file(const std::string& job, const std::string& task, const std::string& file,
                     std::uint64_t offset, std::uint64_t limit,
                     then<std::optional<file_content>> then);

  loop& on() const { return exchange_.on(); }
  const std::string& api_version() const { return api_version_; }

 private:
  friend class task_adder;

  call make(std::string what, std::string method, const std::string& path,
            std::string body = {}) const;
  void act(call what, then<done> then);
  void ask(call what, std::vector<std::string_view> no, then<bool> then);
  template <class T>
  void fetch(call&& what, then<T> then);
  template <class T>
  void find(call&& what, then<std::optional<T>> then);
  template <class T>
  void list(std::string what, const std::string& path, const list_options& which,
            then<page<T>> then);
  void get_file(call what, std::uint64_t offset, std::uint64_t limit,
                then<std::optional<file_content>> then);

  exchange& exchange_;
  std::string url_;
  std::string api_version_;
};

/// All pages of a list, one behind the other. `list` is called as list(options, then) for each.
template <class T>
void all_pages(std::function<void(const list_options&, then<page<T>>)> list, list_options which,
               then<std::vector<T>> then, std::vector<T> before = {}) {
  list(which, [=](result<page<T>> got) mutable {
    if (!got) return then(got.error());
    for (T& one : got->items)
      before.push_back(std::move(one));
    if (got->next.empty()) return then(std::move(before));
    which.next = got->next;
    all_pages<T>(std::move(list), std::move(which), std::move(then), std::move(before));
  });
}

}  // namespace clusterless::azure::batch
