// SPDX-License-Identifier: MIT
// The seam between the templates of the public headers and the library: plain bytes, no types of
// the user. Nothing here is for users.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <clusterless/detail/buffer.hpp>
#include <clusterless/detail/pack.hpp>
#include <clusterless/error.hpp>
#include <clusterless/options.hpp>

namespace clusterless {
class writer;

/// Where a job stands. Counts of items; `total` is unset while a lazy input has not ended.
struct job_status {
  std::string id = {};
  std::optional<std::size_t> total = {};
  std::size_t done = 0;     ///< have a value
  std::size_t failed = 0;   ///< have an error
  std::size_t running = 0;  ///< handed to nodes and not finished
  std::size_t retried = 0;  ///< attempts beyond the first
  bool finished = false;    ///< every item has an outcome
  bool cancelled = false;
};

/// What `destroy` could not remove: empty when everything is gone.
struct destroy_report {
  std::vector<std::string> left = {};
  explicit operator bool() const noexcept { return left.empty(); }
};

namespace detail {

struct entry;
class job_core;
using job_ptr = std::shared_ptr<job_core>;

/// What a job runs: the callable, its target when it is a function pointer, and bound arguments.
struct call {
  const entry* function = nullptr;
  const void* target = nullptr;
  buffer bound = {};
  std::vector<std::shared_ptr<const void>> keep = {};  ///< broadcasts used, alive with the job
};

/// The items of a map, pulled by one thread at a time.
class item_source {
 public:
  virtual ~item_source() = default;
  /// Appends up to `max_items` entries, or until the pack has `max_bytes`; returns how many were
  /// added and sets `end` when no more will come. May throw what the user's range throws.
  virtual std::size_t fill(writer& pack, std::size_t max_items, std::size_t max_bytes,
                           bool& end) = 0;
  virtual std::optional<std::size_t> size() const = 0;
  /// True when reading costs next to nothing: all items are in memory, or numbers. A recorded job
  /// reads such items at once, so that its record has them whatever happens to the client.
  virtual bool at_hand() const { return false; }
  /// Jobs whose results are among the items; entries of kind `reference` name them by position.
  virtual const std::vector<job_ptr>& inputs() const {
    static const std::vector<job_ptr> no_jobs;
    return no_jobs;
  }
};

/// Consecutive outcomes that lie in one pack; valid while `keep` is held. count == 0: the end.
struct outcome_run {
  std::size_t first = 0;
  std::size_t count = 0;
  const std::byte* data = nullptr;
  std::size_t size = 0;
  const segment_list* beside = nullptr;
  std::shared_ptr<const void> keep = {};
};

/// A map that was submitted, in untyped form: a job of a pool, or a nested map inside a task.
class job_core {
 public:
  virtual ~job_core() = default;
  virtual std::string id() const = 0;
  /// Outcomes from `item` on, in input order; waits for that item.
  virtual outcome_run ordered(std::size_t item) = 0;
  /// The next finished outcomes in order of finishing; `cursor` starts at 0 and is advanced.
  virtual outcome_run finished(std::size_t& cursor) = 0;
  /// Tells that all outcomes will be wanted at once: no bound on those kept.
  virtual void want_all() = 0;
  /// Outcomes of items before `item` are not needed any more (ordered consumers), or those of runs
  /// before `cursor` (finish-order consumers).
  virtual void release_before(std::size_t item) = 0;
  virtual bool wait_for(std::chrono::nanoseconds limit) = 0;  ///< negative: for ever
  virtual job_status status() = 0;
  virtual std::string output(std::size_t item) = 0;
  virtual void cancel() = 0;
  virtual destroy_report destroy() = 0;
  /// Folds results in groups on the nodes: a job over `group`-sized vectors of results.
  virtual job_ptr regroup(call fold, std::size_t group, const map_options& options) = 0;
  /// Submits what failed once more; outcomes that are values stay.
  virtual void retry_failed() = 0;
};

/// A pool handle in untyped form.
class pool_core {
 public:
  virtual ~pool_core() = default;
  /// Submits a map. `now` is drained before the call returns; `later` is pulled while the job runs.
  /// Exactly one of them is given.
  virtual job_ptr submit(call what, item_source* now, std::unique_ptr<item_source> later,
                         const map_options& options) = 0;
  /// Stores a broadcast under the hash of its bytes and `schema`, which is put in `key`.
  virtual std::shared_ptr<const void> broadcast(buffer bytes, segment_list beside,
                                                const std::string& schema,
                                                std::uint64_t (&key)[2]) = 0;
  virtual int pools() const = 0;
  virtual int nodes() const = 0;
  virtual void resize(int nodes, std::optional<int> spot_nodes) = 0;
  virtual void lose_node(int pool, int node) = 0;
  virtual void destroy() = 0;
  /// Takes a recorded job up again; throws when its result schema is not `result_schema`.
  virtual job_ptr reopen(const std::string& name, const std::string& result_schema) = 0;
};

std::shared_ptr<pool_core> open_pool(const pool_options& options);
/// Opens a recorded job with a pool of the shape it was submitted to.
job_ptr reopen_job(const std::string& name, const std::string& result_schema);
/// The error_info that an entry of kind `error` carries.
error_info decode_error(const std::byte* body, std::size_t size);
/// Throws the remote_error of `item`, the first without a value in input order. When that item was
/// only not run any more, because another had failed, it is the lowest item that did fail.
[[noreturn]] void throw_failure(job_core& core, std::size_t item, const entry_view& entry);

// Inside a task.
job_ptr submit_nested(call what, item_source& items, int pinned_worker, const map_options& options);

}  // namespace detail
}  // namespace clusterless
