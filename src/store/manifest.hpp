// SPDX-License-Identifier: MIT
// The manifest of a job: everything about it that is known when it is made and never changes. It is
// kept as JSON for people to read, with a format version and a checksum over the rest; whatever
// bytes are found in its place, reading it gives a manifest or one clear error.
#pragma once

#include <clusterless/options.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/store.hpp"

namespace clusterless::store {

/// The mapped function: where its invoker is in the program with the manifest's build id.
struct function_record {
  std::uint64_t entry = 0;                   ///< offset of the invoker in the image
  std::optional<std::uint64_t> target = {};  ///< offset of the function it calls, if it has one
  std::string label = {};                    ///< its name, for people
};

/// The pool the job was made for.
struct pool_shape {
  std::string engine = {};
  int pools = 1;
  int nodes = 1;  ///< in each pool
  int nodes_per_task = 1;
  int procs_per_node = 1;
  int omp_threads = 0;              ///< 0: not set
  std::string startup_script = {};  ///< path, empty: none

  // Of machines in a cloud, as pool_options have them; unset and empty: not set. Passwords are not
  // kept.
  std::optional<int> spot_nodes = {};
  std::optional<int> tasks_per_node = {};
  std::string autoscale_formula = {};
  std::optional<int> autoscale_minutes = {};
  std::string image_resource_id = {};
};

struct manifest {
  std::string name = {};
  std::string run = {};          ///< run id, unique to this job among all of this name
  std::uint64_t created_ms = 0;  ///< Unix time
  std::string host = {};
  std::string library = {};  ///< version of clusterless
  std::string program = {};  ///< path of the executable
  std::vector<std::string> arguments = {};
  std::string directory = {};  ///< working directory
  std::string build = {};      ///< build id, hexadecimal
  function_record function = {};
  std::string item_schema = {};
  std::string result_schema = {};
  std::optional<std::uint64_t> total = {};  ///< items, when known from the start
  std::uint64_t bound_size = 0;             ///< bytes of the bound arguments; set by create
  std::uint64_t bound_sum = 0;              ///< their checksum; set by create
  /// All but `name`, `record` and `progress`, which are not kept.
  map_options options = {};
  pool_shape pool = {};
};

/// Throws `error` (misuse) unless `name` is 1 to 64 characters of [A-Za-z0-9._-], the first of them
/// neither '.' nor '-'.
void check_job_name(const std::string& name);

/// The manifest as JSON. Strings that are not UTF-8 (a path may be any bytes) are kept exactly.
std::string format_manifest(const manifest& from);
/// Throws `error` (failed) when `text` is not a whole, unchanged manifest of a version known here;
/// `where` names it in the text.
manifest parse_manifest(bytes text, const std::string& where);

}  // namespace clusterless::store
