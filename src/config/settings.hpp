// SPDX-License-Identifier: MIT
// What a pool is made with, after all sources have had their say: pool_options win over
// parameters.json, which wins over defaults. resolve() and choose_engine() are pure; configure()
// reads the files. Each value knows where it came from; notes are returned, never printed.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <clusterless/options.hpp>

#include "config/credentials.hpp"
#include "config/environment.hpp"
#include "config/parameters.hpp"
#include "core/defaults.hpp"

namespace clusterless::config {

/// What an engine of this build tells about itself.
struct engine_defaults {
  std::string name;              ///< "local"
  bool runs_mpi = false;         ///< can start an item under an MPI launcher
  bool runs_containers = false;  ///< can run items inside a container image
  bool rents_nodes = false;      ///< machines of a cloud: spot nodes, formulas, images
  /// Nodes for all pools together when neither options nor a parameters file say how many (the
  /// cores of this machine on local); 0: the model's default.
  int nodes_without_file = 0;
  int max_workers = defaults::max_workers_per_pool;  ///< pools x nodes x procs_per_node
};

/// Where a value came from: "pool_options.nodes", "parameters.json line 7", "default".
struct origin {
  std::string_view name;  ///< field of `settings`
  std::string_view key;   ///< key of parameters.json; empty: none
  std::string value;      ///< as text
  std::string from;
};

/// Final values. Counts are at least 1 and nodes_per_task <= nodes.
struct settings {
  std::string engine = {};
  int pools = defaults::pools;
  int nodes = defaults::nodes_per_pool;           ///< in each pool
  int nodes_per_task = defaults::nodes_per_task;  ///< a map's option may set another
  int procs_per_node = defaults::procs_per_node;  ///< workers on each node
  int omp_threads = defaults::omp_threads;        ///< OMP_NUM_THREADS of every worker
  int user_retries = defaults::user_retries;      ///< a map's retries.user may set another
  bool mpi = defaults::mpi;                       ///< items are MPI programs
  bool inter_node = false;  ///< nodes of a pool reach each other: as set, else nodes_per_task > 1
  bool verbose = defaults::verbose;
  std::string startup_script = {};  ///< path; empty: none
  std::string pool_id = {};         ///< base; pool i is <pool_id>_<i>, i from 1
  std::string job_id = {};          ///< base
  std::string blob_container = {};  ///< base
  std::string container = {};       ///< image; empty: none
  std::string vm_size = {};
  std::string os_publisher = {};
  std::string os_offer = {};
  std::string os_sku = {};
  int spot_nodes = 0;                  ///< of `nodes`
  int tasks_per_node = 1;              ///< of one node, side by side
  std::string autoscale_formula = {};  ///< empty: the engine's own
  int autoscale_interval = 0;          ///< minutes; 0: the engine's own
  std::string image_resource_id = {};
  std::string registry_server = {};
  std::string registry_user = {};
  std::shared_ptr<const secret> registry_password = {};  ///< has no origin

  std::vector<origin> origins = {};     ///< one for each field above but secrets
  std::vector<std::string> notes = {};  ///< what was accepted but has no effect here

  /// The origin of field `name`; throws std::out_of_range for a name that is no field.
  const origin& explain(std::string_view name) const;
};

/// An engine of the build, why it was chosen, and what to tell about it ("" for nothing).
struct engine_choice {
  const engine_defaults* engine = nullptr;
  std::string from = {};
  std::string note = {};
};

/// pool_options.engine, else CLUSTERLESS_ENGINE, else "azure" when credentials are named and the
/// build has it, else "local". Throws `error`: misuse for a name that is none, unsupported for an
/// engine this build has not. `built_in` must hold "local" and outlive the choice.
engine_choice choose_engine(const pool_options& options, const environment& variables,
                            std::span<const engine_defaults> built_in);

/// The final values for a pool on the engine. `from_file` with an empty `source` means that there
/// is no parameters file. Throws `error`: misuse for values out of their limits or at odds with
/// each other, naming where each was set; unsupported for MPI on an engine that does not run it.
settings resolve(const pool_options& options, const parameters& from_file,
                 const engine_choice& chosen);

/// Everything that configures a pool.
struct configuration {
  settings values;
  parameters file;
  credentials cloud;
};

/// Reads and checks the files that `options` or `variables` name (the options win), the start-up
/// script included, and resolves. The notes of all parts are in `values.notes`. Throws `error`.
configuration configure(const pool_options& options, const environment& variables,
                        std::span<const engine_defaults> built_in);

}  // namespace clusterless::config
