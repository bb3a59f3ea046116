// SPDX-License-Identifier: MIT
// The options a user may set: plain aggregates, every field defaulted, for designated initialisers.
// A field that is left unset takes its value from parameters.json, then from the engine's default.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace clusterless {

/// How often an item may be tried again, by cause. `user` counts exceptions, crashes, timeouts and
/// out-of-memory kills; `lost` counts nodes and workers that went away through no fault of the
/// item.
struct retry_options {
  std::optional<int> user = {};  ///< default 0, or `_NUM_RETRYS` of parameters.json
  std::optional<int> lost = {};  ///< default 20
};

/// What a map does when an item has failed for good.
enum class on_error {
  keep_going,  ///< run every other item (default)
  stop,        ///< start no new item; those running finish, the rest are reported as cancelled
};

/// How much a job tells on standard error while it runs.
enum class verbosity {
  automatic,  ///< a bar on a terminal, a line now and then elsewhere; nothing for short jobs
  silent,     ///< nothing
  verbose,    ///< as `automatic`, and a line for each retry and lost node
};

/// Options of one map. Order and names are stable; set only what you need:
/// `pool.pmap(f, xs, {.name = "survey", .timeout = 2h})`.
struct map_options {
  std::string name = {};                   ///< set: the job is recorded in the store and lasts
  std::optional<int> nodes_per_task = {};  ///< nodes a task owns, >= 1
  std::optional<int> procs_per_node = {};  ///< workers on each of them, >= 1
  std::chrono::nanoseconds timeout = {};   ///< longest time one item may run; 0: no limit
  retry_options retries = {};              ///< see retry_options
  std::size_t items_per_task = 0;          ///< items packed into one task; 0: chosen by speed
  clusterless::on_error on_error = clusterless::on_error::keep_going;  ///< after a failed item
  int priority = 0;  ///< of two waiting jobs the higher one goes first
  std::vector<std::pair<std::string, std::string>> env = {};  ///< environment of the items
  bool record = false;                        ///< record in the store under a made-up name
  std::size_t max_item_bytes = 0;             ///< limit of one argument or result; 0: 4 GiB
  verbosity progress = verbosity::automatic;  ///< see verbosity
  bool prints = true;                         ///< show what items print as `From worker 2: …`
};

/// A registry that container images come from, for one that asks who you are. The password is
/// neither printed nor recorded.
struct container_registry {
  std::string server = {};  ///< "name.azurecr.io"; empty: Docker Hub
  std::string user = {};
  std::string password = {};
};

/// Options of a pool. What is set here wins over parameters.json.
struct pool_options {
  std::string engine = {};                 ///< "local"; empty: CLUSTERLESS_ENGINE, else by context
  std::optional<int> pools = {};           ///< number of pools, `_POOL_COUNT`
  std::optional<int> nodes = {};           ///< nodes in each pool, `_NODE_COUNT_PER_POOL`
  std::optional<int> nodes_per_task = {};  ///< `_NUM_NODES_PER_TASK`
  std::optional<int> procs_per_node = {};  ///< `_NUM_PROCS_PER_NODE`
  std::optional<int> omp_threads = {};     ///< `_OMP_NUM_THREADS`, set for every item
  std::string startup_script = {};         ///< run once on every node before its first item
  std::string parameters = {};             ///< path of parameters.json; empty: $PARAMETERS
  std::string credentials = {};            ///< path of credentials.json; empty: $CREDENTIALS
  std::optional<bool> verbose = {};        ///< `_VERBOSE`

  // Of machines in a cloud; without effect, but checked, on the engine "local".
  /// How many of the nodes of each pool are spot nodes: they cost less, and the service may take
  /// them away at any time; default 0.
  std::optional<int> spot_nodes = {};
  /// Tasks of one node that run on a node side by side, 1 to 256 and at most 4 a core; default 1.
  /// More than 1 only for tasks of one node.
  std::optional<int> tasks_per_node = {};
  /// Scales the pools in place of the ready-made formula, in Azure's language, at most 8192 bytes.
  /// Tasks may then have at most `nodes` nodes.
  std::string autoscale_formula = {};
  std::chrono::minutes autoscale_interval = {};  ///< of the formula, 5 to 10080; 0: 5
  /// Image of your own in place of one of the service's: "/subscriptions/…". Its distribution must
  /// be the one that `_NODE_OS_SKU` and the other two name.
  std::string image_resource_id = {};
  container_registry registry = {};  ///< where the image of `_CONTAINER` is
};

}  // namespace clusterless
