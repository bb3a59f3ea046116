// SPDX-License-Identifier: MIT
// parameters.json of the model (AzureClusterlessHPC.jl), read strictly: every key typed, with the
// line that set it. Promises that whatever it returns is within its limits and that nothing in the
// file was ignored in silence. How keys combine with options and defaults is settings.hpp's matter.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clusterless::config {

/// A value a file may set: empty when it does not, else with the line of its key, from 1.
template <class T>
struct given {
  std::optional<T> value = {};
  int line = 0;

  explicit operator bool() const { return value.has_value(); }
  const T& operator*() const { return *value; }
};

/// All keys of parameters.json. The limits named here have been checked.
struct parameters {
  std::string source = {};  ///< the file's name as messages show it; empty: there is no file

  given<std::string> pool_id = {};            ///< `_POOL_ID`: 1 to 64 of A-Z a-z 0-9 - _
  given<int> pool_count = {};                 ///< `_POOL_COUNT`: pools, 1 to 10000
  given<int> node_count_per_pool = {};        ///< `_NODE_COUNT_PER_POOL`: nodes, 1 to 10000
  given<std::string> pool_vm_size = {};       ///< `_POOL_VM_SIZE`: Azure's name of a machine
  given<std::string> job_id = {};             ///< `_JOB_ID`: 1 to 64 of A-Z a-z 0-9 - _
  given<std::string> node_os_publisher = {};  ///< `_NODE_OS_PUBLISHER`
  given<std::string> node_os_offer = {};      ///< `_NODE_OS_OFFER`
  given<std::string> node_os_sku = {};        ///< `_NODE_OS_SKU`: the start of one
  given<std::string> blob_container = {};     ///< `_BLOB_CONTAINER`: lower-cased, as in the model
  given<bool> inter_node_connection = {};     ///< `_INTER_NODE_CONNECTION`
  given<int> num_retrys = {};                 ///< `_NUM_RETRYS`: further attempts, 0 to 1000
  given<bool> mpi_run = {};                   ///< `_MPI_RUN`
  given<std::string> container = {};          ///< `_CONTAINER`: image; empty for the model's "None"
  given<int> num_nodes_per_task = {};         ///< `_NUM_NODES_PER_TASK`: nodes, 1 to 10000
  given<int> num_procs_per_node = {};         ///< `_NUM_PROCS_PER_NODE`: workers, 1 to 10000
  given<int> omp_num_threads = {};            ///< `_OMP_NUM_THREADS`: threads, 1 to 10000
  given<bool> verbose = {};                   ///< `_VERBOSE`

  // Accepted since the model's files hold them; each that is set is in `notes`.
  given<std::string> julia_depot_path = {};        ///< `_JULIA_DEPOT_PATH`
  given<std::string> julia_num_threads = {};       ///< `_JULIA_NUM_THREADS`
  given<std::string> python_path = {};             ///< `_PYTHONPATH`
  given<std::string> standard_out_file_name = {};  ///< `_STANDARD_OUT_FILE_NAME`

  std::vector<std::string> notes = {};  ///< what was accepted without effect, one sentence each
};

/// Every key that parameters.json may hold, in the model's order.
std::span<const std::string_view> parameter_keys();

/// The parameters of `text`, JSON as the model writes it: texts, or numbers, e.g. `"4"` or `4`.
/// `source_name` names the text in messages and in `parameters::source`. Throws `error` (misuse)
/// that tells every problem on a line of its own, with file, line, key, value and what is allowed.
parameters parse_parameters(std::string_view text, const std::string& source_name);

/// parse_parameters of a file of at most 1 MiB; throws also when it cannot be read.
parameters load_parameters(const std::string& path);

}  // namespace clusterless::config
