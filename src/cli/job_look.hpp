// SPDX-License-Identifier: MIT
// How a recorded job stands, seen from outside: its state, and the facts about it as JSON. Only
// reads. A damaged record is looked at as far as it can be read.
#pragma once

#include <clusterless/error.hpp>
#include <memory>
#include <optional>
#include <string>

#include "cli/console.hpp"
#include "cli/values.hpp"
#include "client/stores.hpp"
#include "store/job_record.hpp"

namespace clusterless::cli {

enum class job_state {
  running,      ///< not over, and a live process drives it
  finished,     ///< every item has a value
  failed,       ///< over, and some items have errors
  interrupted,  ///< not over, and nobody drives it
  cancelled,    ///< not over, nobody drives it, and it was asked to stop
  damaged,      ///< its record cannot be read as it was written
};
const char* to_string(job_state state);
colour colour_of(job_state state);

/// What the state follows from.
struct state_facts {
  bool complete = false;  ///< every item has an outcome
  bool driven = false;
  bool cancel_requested = false;
  bool stops_on_error = false;  ///< map_options.on_error is stop
  std::uint64_t failed = 0;
};
job_state state_of(const state_facts& facts);

/// A job that was opened to be looked at.
struct job_look {
  std::string name = {};
  std::unique_ptr<store::job_record> record = {};  ///< null when not even the manifest is readable
  std::string damage = {};                         ///< what is wrong with the record
  store::job_counts counts = {};
  std::optional<store::holder> driver = {};
  job_state state = job_state::damaged;

  /// Items without an outcome; nothing when the number of items is not known.
  std::optional<std::uint64_t> missing() const;
  /// Reads and checks every byte of the record, where else bodies are checked when they are used.
  void check(const std::shared_ptr<store::object_store>& in);
  /// Reads what the driver has added since, and who that is.
  void refresh();
};

/// The store that has the job: the one the user means, or the one where it is. Throws `error`
/// (misuse) when there is none, naming the nearest, or several have it.
client::named_store store_with(const std::string& wanted, const std::string& job);
/// The path of the directory that the user means, or `wanted` when it is none.
std::string store_path(const std::string& wanted);

/// Opens a job, a damaged one too. Throws `error` (misuse) when there is none, naming the nearest.
job_look look_at(const std::shared_ptr<store::object_store>& in, const std::string& name);
/// The same for a job whose record must be whole: throws `error` (failed) when it is damaged.
job_look look_at_whole(const std::shared_ptr<store::object_store>& in, const std::string& name);

/// What `clusterless jobs --json` says of each job.
json summary(const job_look& job);
/// The facts of an error, texts whole.
json error_facts(const error_info& info);
/// "4 s", "3 min 20 s" since `unix_ms`.
std::string age(std::uint64_t unix_ms);
/// "2026-03-01T12:00:05Z"
std::string iso_time(std::uint64_t unix_ms);
/// "2 x 4 nodes, 4 a task, 1 worker each"
std::string in_words(const store::pool_shape& pool);

}  // namespace clusterless::cli
