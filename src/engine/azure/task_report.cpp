// SPDX-License-Identifier: MIT
#include "engine/azure/task_report.hpp"

#include "engine/azure/batch_job.hpp"
#include "task/task_log.hpp"
#include "task/task_main.hpp"

namespace clusterless::engine {

namespace {

const std::byte* bytes_in(const std::string& text) {
  return reinterpret_cast<const std::byte*>(text.data());
}

// Output is told while a task runs and once more with its whole log: only what is new.
bool is_new(const batch_task& task, std::size_t position, std::uint64_t start) {
  return start != task.told_start || position > task.told_bytes;
}

void tell_line(std::vector<outbox::telling>& to, const batch_task& task,
               const task::log_entry& entry) {
  const auto key = task.key;
  const int pool = task.pool;
  if (entry.kind == task::entry_kind::printed) {
    to.push_back(
        [key, pool, worker = static_cast<int>(entry.number),
         text = std::string(entry.text())](events& e) { e.printed(key, pool, worker, text); });
  } else {
    to.push_back([key, fraction = task::to_fraction(entry), text = std::string(entry.text())](
                     events& e) { e.progress(key, fraction, text); });
  }
}

bool is_line(const task::log_entry& entry) {
  return entry.kind == task::entry_kind::printed || entry.kind == task::entry_kind::progress;
}

}  // namespace

void tell_end(outbox& to, std::uint64_t key, std::vector<outbox::telling> tell) {
  tell.push_back([key](events& e) { e.ended(key); });
  to.put(std::move(tell), key);
}

void tell_output(std::vector<outbox::telling>& to, batch_task& task,
                 const std::shared_ptr<const std::string>& part) {
  task::log_reader reader(bytes_in(*part), part->size());
  task::log_entry entry;
  while (reader.next(entry)) {
    if (entry.kind == task::entry_kind::started) task.told_start = entry.number;
    if (is_line(entry)) tell_line(to, task, entry);
  }
  task.told_bytes += reader.position();
}

log_end tell_log(std::vector<outbox::telling>& to, batch_task& task,
                 const std::shared_ptr<const std::string>& log) {
  log_end end;
  task::log_reader reader(bytes_in(*log), log->size());
  task::log_entry entry;
  std::uint64_t start = 0;
  const auto key = task.key;
  while (reader.next(entry)) {
    switch (entry.kind) {
      case task::entry_kind::started:
        start = entry.number;
        break;
      case task::entry_kind::printed:
      case task::entry_kind::progress:
        if (is_new(task, reader.position(), start)) tell_line(to, task, entry);
        break;
      case task::entry_kind::outcomes:
        end.settled += entry.count;
        to.push_back([key, log, entry](events& e) {
          e.succeeded(key, entry.count, static_cast<core::nanoseconds>(entry.number),
                      task::to_outcome(entry));
        });
        break;
      case task::entry_kind::failed:
        ++end.settled;
        to.push_back(
            [key, log, entry](events& e) { e.failed(key, entry.count, task::to_error(entry)); });
        break;
      case task::entry_kind::unusable:
        end.unusable = entry.text();
        break;
      case task::entry_kind::trouble:
        end.trouble = entry.text();
        break;
      case task::entry_kind::ended:
        end.whole = true;
        break;
    }
  }
  task.told_bytes = reader.position();
  task.told_start = start;
  return end;
}

std::string deleted_job(const std::string& id) {
  return "job " + id + " was deleted by somebody else while it ran; run again to make it anew";
}

std::string ended_job(const std::string& id) {
  return "job " + id + " was ended by somebody else while it ran; run again to make it anew";
}

std::string deleted_container(const std::string& name) {
  return "the container " + name +
         " was deleted by somebody else while its job ran; run again to make it anew";
}

error_info why_ended(const batch_task& task, const log_end& log, const std::string& printed) {
  error_info why;
  why.item = task.first_item + log.settled;
  why.task = task.number;
  why.attempt = task.attempt;
  why.pool = task.pool;
  why.node = task.last.node;
  why.worker = 1;
  why.output = printed;
  why.cause = cause::node_lost;
  if (!log.trouble.empty()) {
    why.message = log.trouble;
    return why;
  }
  const auto& failure = task.last.failure;
  if (!failure) {
    why.message = "its task was over, but what it left is not there";
    return why;
  }
  const std::string told = failure->what.message + " (" + failure->what.code + ")";
  if (failure->what.code == "TaskEnded") {
    // Only somebody else's doing is told here: our own cancelling is known before.
    why.cause = cause::cancelled;
    why.message = "its task was ended by somebody else: " + told;
  } else if (!failure->users) {
    why.message = "the service lost its task: " + told;
  } else if (task.last.exit_code && *task.last.exit_code > 128) {
    why.cause = cause::killed;
    why.message = "the process that ran its task was ended by signal " +
                  std::to_string(*task.last.exit_code - 128) + ": " + told;
  } else {
    why.cause = cause::exited;
    why.message = "its task could not be run: " + told;
    if (task.last.exit_code) why.message += ", exit code " + std::to_string(*task.last.exit_code);
  }
  return why;
}

}  // namespace clusterless::engine
