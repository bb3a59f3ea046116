// SPDX-License-Identifier: MIT
// What we tell Azure Batch and what it tells us, as plain values. A field that is empty, 0 or unset
// is not sent; one that the answer does not have stays so. Words of the service that we do not know
// become `unknown`, never an error. Times are Unix milliseconds, 0 when there is none.
// Source: Batch service REST API, 2024-07-01.20.0.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/secret.hpp"

namespace clusterless::azure::batch {

inline constexpr const char* default_api_version = "2024-07-01.20.0";

// Limits of the service. Sources: "Task - Add Collection", "Pool - Remove Nodes", "Pool - Enable
// Auto Scale", odata parameters.
inline constexpr std::size_t max_tasks_per_call = 100;
inline constexpr std::size_t max_task_call_bytes = 1'000'000;  // of the body, below 1 MB
inline constexpr std::size_t max_nodes_per_removal = 100;
inline constexpr int max_page = 1000;

using name_values = std::vector<std::pair<std::string, std::string>>;

enum class user : std::uint8_t { task_user, pool_user, pool_admin };
enum class upload_when : std::uint8_t { task_success, task_failure, task_completion };
enum class requeue : std::uint8_t { requeue, terminate, wait };  ///< of running tasks
enum class deallocation : std::uint8_t { requeue, terminate, task_completion, retained_data };

/// A file, or the files of a container, that Batch brings to a task. One of the URLs is set.
struct resource_file {
  std::string http_url = {};       ///< with its SAS
  std::string container_url = {};  ///< with a SAS for read and list
  std::string blob_prefix = {};    ///< of the files of the container
  std::string file_path = {};      ///< where it goes, below the task's directory
  std::string file_mode = {};      ///< octal; Linux only, else 0770
};
/// Files that Batch takes from a task to a container.
struct output_file {
  std::string pattern = {};        ///< "../std*.txt", below the working directory
  std::string container_url = {};  ///< with a SAS for writing
  std::string path = {};           ///< blob name, or prefix when the pattern has wildcards
  upload_when when = upload_when::task_completion;
};
struct container_registry {
  std::string server = {};
  std::string user = {};
  std::shared_ptr<const core::secret> password = {};
};
struct container_settings {
  std::string image = {};
  std::string run_options = {};
  std::optional<container_registry> registry = {};
};

struct image_reference {
  std::string publisher = {}, offer = {}, sku = {}, version = {};
  std::string image_id = {};  ///< resource id of an image of one's own, in place of the others
};
struct image_support {
  image_reference image = {};
  std::string node_agent = {};  ///< "batch.node.debian 12"
  std::string os = {};          ///< "linux"
  bool verified = false;
  std::vector<std::string> abilities = {};  ///< "DockerCompatible"
  std::int64_t end_of_support_ms = 0;
};

struct start_task {
  std::string command_line = {};
  std::vector<resource_file> resource_files = {};
  name_values environment = {};
  user as = user::pool_admin;
  int max_retries = 0;
  bool wait_for_success = true;
  std::optional<container_settings> container = {};
};
struct pool_spec {
  std::string id = {};
  std::string display_name = {};
  std::string vm_size = {};
  image_reference image = {};
  std::string node_agent = {};
  std::vector<std::string> container_images = {};  ///< fetched before tasks start
  std::vector<container_registry> registries = {};
  bool containers = false;  ///< nodes can run containers
  int dedicated_nodes = 0;  ///< not sent with a formula
  int spot_nodes = 0;
  std::string formula = {};
  int formula_interval_s = 0;  ///< at least 300
  int resize_timeout_s = 0;
  bool inter_node = false;
  int slots_per_node = 0;
  bool pack_tasks = false;          ///< fill a node before the next one
  bool simplified_network = false;  ///< only where the api-version still asks (until 2024-07-01)
  std::string subnet_id = {};
  std::optional<batch::start_task> start = {};
  name_values metadata = {};
};

/// An error of a pool's resize, a node or a start task, in the service's words.
struct trouble {
  std::string code = {};
  std::string message = {};
  name_values values = {};
};
enum class pool_state : std::uint8_t { unknown, active, deleting };
enum class allocation_state : std::uint8_t { unknown, steady, resizing, stopping };
struct pool_info {
  std::string id = {};
  std::string url = {};
  std::string etag = {};
  pool_state state = pool_state::unknown;
  allocation_state allocation = allocation_state::unknown;
  std::string vm_size = {};
  image_reference image = {};
  std::string node_agent = {};
  int dedicated_now = 0, spot_now = 0, dedicated_target = 0, spot_target = 0;
  bool autoscale = false;
  std::string formula = {};
  std::string autoscale_results = {};
  std::optional<trouble> autoscale_error = {};
  std::string formula_interval = {};  ///< "PT5M"
  bool inter_node = false;
  int slots_per_node = 1;
  bool containers = false;                          ///< nodes can run containers
  std::vector<container_registry> registries = {};  ///< without passwords
  std::string start_command = {};
  std::vector<trouble> resize_errors = {};
  std::int64_t created_ms = 0, allocation_changed_ms = 0;
  name_values metadata = {};
};
struct pool_patch {
  std::optional<batch::start_task> start = {};
  std::optional<name_values> metadata = {};
};
struct resize {
  std::optional<int> dedicated = {}, spot = {};
  int timeout_s = 0;
  std::optional<deallocation> how = {};
};
struct formula_run {
  std::int64_t at_ms = 0;
  std::string results = {};
  std::optional<trouble> error = {};
};
/// Nodes of a pool by state, for dedicated and spot ones together and apart.
struct node_counts {
  std::string pool = {};
  std::map<std::string, int> dedicated = {}, spot = {};  ///< "idle", "running", …, "total"
};

enum class node_state : std::uint8_t {
  unknown,
  idle,
  rebooting,
  reimaging,
  running,
  unusable,
  creating,
  starting,
  waiting_for_start_task,
  start_task_failed,
  leaving_pool,
  offline,
  preempted,
  upgrading_os,
  deallocated,
  deallocating
};
enum class task_result : std::uint8_t { unknown, success, failure };
/// Why a task failed. `category` tells the user's fault from the service's.
struct task_failure {
  bool users = false;
  trouble what = {};
};
struct node_info {
  std::string id = {};
  node_state state = node_state::unknown;
  std::string ip_address = {};
  std::string affinity_id = {};
  std::string vm_size = {};
  bool dedicated = false;
  int running_tasks = 0, total_tasks = 0;
  std::int64_t allocated_ms = 0, state_changed_ms = 0, booted_ms = 0;
  std::optional<int> start_exit_code = {};
  task_result start_result = task_result::unknown;
  int start_retries = 0;
  std::optional<task_failure> start_failure = {};
  std::vector<trouble> errors = {};
};
struct login_address {
  std::string ip_address = {};
  int port = 0;
};

struct task_limits {
  int max_seconds = 0;                  ///< of one run
  std::int64_t retention_s = 0;         ///< of its directory; the service's default is 7 days
  std::optional<int> max_retries = {};  ///< of exit codes that are not 0
};
struct job_task {
  std::string id = {};
  std::string command_line = {};
  std::vector<resource_file> resource_files = {};
  name_values environment = {};
  user as = user::task_user;
  task_limits limits = {};
  bool wait_for_success = true;    ///< preparation only
  bool rerun_after_reboot = true;  ///< preparation only
  std::optional<container_settings> container = {};
};
struct job_spec {
  std::string id = {};
  std::string display_name = {};
  std::string pool_id = {};
  std::optional<int> priority = {};  ///< -1000 to 1000
  int max_parallel_tasks = 0;
  std::int64_t max_seconds = 0;
  std::optional<int> max_task_retries = {};
  std::optional<job_task> preparation = {};
  std::optional<job_task> release = {};
  name_values environment = {};
  bool terminate_when_done = false;  ///< an empty job is done at once: patch it after adding
  bool uses_dependencies = false;
  name_values metadata = {};
};
struct job_patch {
  std::optional<bool> terminate_when_done = {};
  std::optional<int> priority = {};
  std::optional<std::int64_t> max_seconds = {};
  std::optional<name_values> metadata = {};
};
enum class job_state : std::uint8_t {
  unknown,
  active,
  disabling,
  disabled,
  enabling,
  terminating,
  completed,
  deleting
};
struct job_info {
  std::string id = {};
  std::string url = {};
  std::string etag = {};
  std::string display_name = {};
  std::string pool_id = {};
  job_state state = job_state::unknown;
  int priority = 0;
  bool terminate_when_done = false;
  std::int64_t created_ms = 0, state_changed_ms = 0, started_ms = 0, ended_ms = 0;
  std::string why_ended = {};  ///< "AllTasksCompleted", "UserTerminate", …
  std::optional<task_failure> scheduling_error = {};
  name_values metadata = {};
};
struct task_counts {
  int active = 0, running = 0, completed = 0, succeeded = 0, failed = 0;
};
/// How preparation and release of a job went on one node.
struct node_preparation {
  std::string node = {}, pool = {};
  bool prepared = false;  ///< the preparation task is over
  task_result preparation = task_result::unknown;
  std::optional<int> preparation_exit_code = {};
  std::optional<task_failure> preparation_failure = {};
  bool released = false;
  task_result release = task_result::unknown;
  std::optional<task_failure> release_failure = {};
};

struct multi_instance {
  int instances = 0;
  std::string coordination_command = {};  ///< runs on all nodes first
  std::vector<resource_file> common_files = {};
};
struct task_spec {
  std::string id = {};
  std::string display_name = {};
  std::string command_line = {};
  std::vector<resource_file> resource_files = {};
  std::vector<output_file> output_files = {};
  name_values environment = {};
  user as = user::pool_user;
  task_limits limits = {};
  int slots = 0;
  std::optional<multi_instance> instances = {};
  std::vector<std::string> after = {};  ///< tasks it depends on
  std::vector<std::pair<int, int>> after_ranges = {};
  std::optional<container_settings> container = {};
  std::string affinity = {};
};
enum class task_state : std::uint8_t { unknown, active, preparing, running, completed };
struct task_info {
  std::string id = {};
  std::string url = {};
  std::string etag = {};
  std::string display_name = {};
  task_state state = task_state::unknown;
  task_result result = task_result::unknown;
  std::optional<int> exit_code = {};
  std::optional<task_failure> failure = {};
  int retries = 0;   ///< for exit codes
  int requeues = 0;  ///< by the service, for nodes it lost
  std::int64_t created_ms = 0, state_changed_ms = 0, started_ms = 0, ended_ms = 0;
  std::string node = {}, pool = {}, directory = {};
};
struct subtask_info {
  int id = 0;
  task_state state = task_state::unknown;
  task_result result = task_result::unknown;
  std::optional<int> exit_code = {};
  std::optional<task_failure> failure = {};
  std::string node = {};
};
struct file_info {
  std::string name = {};
  bool directory = false;
  std::uint64_t size = 0;
  std::int64_t modified_ms = 0;
};

/// Which of many, and what of each.
struct list_options {
  std::string filter = {};  ///< OData: "state eq 'completed'"
  std::string select = {};  ///< "id,state,executionInfo"
  std::string expand = {};
  int max_results = 0;     ///< of a page; 0: the service's most
  bool recursive = false;  ///< files only
  std::string next = {};   ///< page::next of the page before: nothing else counts then
};
template <class T>
struct page {
  std::vector<T> items = {};
  std::string next = {};  ///< empty on the last page
};

}  // namespace clusterless::azure::batch
