// SPDX-License-Identifier: MIT
// What a task of a batch service has told by its log, and what became of it by the service's own
// record, as the events of an engine.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "azure/batch_types.hpp"
#include "core/task.hpp"
#include "engine/azure/outbox.hpp"

namespace clusterless::engine {

/// A blob that a task needs beside its plan, and where it goes.
struct task_file {
  std::string container = {};
  std::string blob = {};
  std::string path = {};
};

/// A task as the engine keeps it from submit to its end.
struct batch_task {
  core::run_order order = {};  ///< the bytes of its items go when it has been added
  std::uint64_t key = 0;
  std::uint64_t number = 0;  ///< shown to users
  int attempt = 1;
  int pool = 1;
  int nodes = 1;
  std::uint64_t first_item = 0;
  std::uint64_t items = 0;
  std::string id = {};    ///< in the service
  std::string plan = {};  ///< as text, when it is small
  std::vector<task_file> files = {};
  std::int64_t running_since_ms = -1;
  std::int64_t tailed_ms = 0;
  bool tailing = false;
  std::uint64_t told_bytes = 0;  ///< of its log, of which output and progress have been told
  std::uint64_t told_start = 0;  ///< of which start of the task those bytes are
  bool adopted = false;          ///< another process added it
  int requeues = 0;              ///< before it was taken up
  bool begun = false;            ///< and told so
  bool over = false;
  azure::batch::task_info last = {};  ///< as the service told it at its end
};

/// Tells the end of a task, with `tell` before it; they are taken together.
void tell_end(outbox& to, std::uint64_t key, std::vector<outbox::telling> tell = {});

/// Tells output and progress of a part of a log that begins at `task.told_bytes`.
void tell_output(std::vector<outbox::telling>& to, batch_task& task,
                 const std::shared_ptr<const std::string>& part);

/// How a log ends.
struct log_end {
  std::uint64_t settled = 0;  ///< items with an outcome, errors included
  bool whole = false;         ///< the task wrote its end
  std::string unusable = {};
  std::string trouble = {};
};
/// Adds to `to` everything that a whole log tells and was not told yet.
log_end tell_log(std::vector<outbox::telling>& to, batch_task& task,
                 const std::shared_ptr<const std::string>& log);

/// Why the item that the task was in has no outcome; by the service's record. `printed`: what is
/// known of the task's error output.
error_info why_ended(const batch_task& task, const log_end& log, const std::string& printed);

/// What is told when somebody else has taken away what a job needs.
std::string deleted_job(const std::string& id);
std::string ended_job(const std::string& id);
std::string deleted_container(const std::string& name);

}  // namespace clusterless::engine
