// SPDX-License-Identifier: MIT
#include "session/context.hpp"

#include <clusterless/task.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "session/directories.hpp"
#include "session/pending_map.hpp"
#include "session/worker.hpp"

namespace clusterless {

namespace session {

context& this_context() {
  static context only;
  return only;
}

namespace {

// Many an item goes into its scratch directory, where the next one must not be when it is removed.
void go_back(int& directory) {
  if (directory < 0) return;
  [[maybe_unused]] const int went = ::fchdir(directory);
  ::close(directory);
  directory = -1;
}

}  // namespace

void drop_scratch() {
  auto& here = this_context();
  if (here.scratch.empty()) return;
  go_back(here.before_scratch);
  std::error_code ignored;
  std::filesystem::remove_all(here.scratch, ignored);
  here.scratch.clear();
}

}  // namespace session

int myid() {
  return session::this_context().id;
}
int nprocs() {
  return session::this_context().count;
}
int attempt() {
  return session::this_context().attempt;
}
std::string node() {
  return session::this_context().node;
}
std::vector<std::string> nodes() {
  return session::this_context().nodes;
}

std::vector<int> workers() {
  std::vector<int> ids;
  for (int id = 2; id <= nprocs(); ++id)
    ids.push_back(id);
  if (ids.empty()) ids.push_back(1);
  return ids;
}

void progress(double fraction, const std::string& text) {
  if (auto* link = session::this_context().link) link->send_progress(fraction, text);
}

bool stop_requested() {
  auto* link = session::this_context().link;
  return link != nullptr && link->stop_requested();
}

std::string scratch_dir() {
  auto& here = session::this_context();
  if (!here.scratch.empty()) return here.scratch;
  here.scratch = session::make_directory("item");
  here.before_scratch = ::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  return here.scratch;
}

namespace detail {

namespace {

/// A nested map runs on what its task has and lives no longer: it cannot have every option.
void check_nested_options(const map_options& options) {
  const auto refuse = [](const char* option, const char* why) {
    throw error(error_kind::misuse, std::string("a nested map cannot have the option '") + option +
                                        "': " + why + "; set it for the map of the pool");
  };
  const char* const owned = "it runs on the nodes and workers its task has";
  if (options.nodes_per_task) refuse("nodes_per_task", owned);
  if (options.procs_per_node) refuse("procs_per_node", owned);
  const char* const part = "it is part of its item, and recorded with that";
  if (!options.name.empty()) refuse("name", part);
  if (options.record) refuse("record", part);
  if (options.priority != 0) refuse("priority", "it goes when its item goes");
  const char* const shown = "what it prints and how far it is are shown as its item's";
  if (options.progress != verbosity::automatic) refuse("progress", shown);
  if (!options.prints) refuse("prints", shown);
}

}  // namespace

job_ptr submit_nested(call what, item_source& items, int pinned_worker,
                      const map_options& options) {
  check_nested_options(options);
  auto& here = session::this_context();
  if (pinned_worker < 0 || pinned_worker > here.count)
    throw error(error_kind::misuse, "remote_call: there is no process " +
                                        std::to_string(pinned_worker) + "; they are 1 to " +
                                        std::to_string(here.count));
  const bool alone = here.link == nullptr || here.count == 1;
  if (alone || (pinned_worker != 0 && pinned_worker == here.id))
    return std::make_shared<session::inline_map>(std::move(what), items, options);
  return here.link->begin_map(std::move(what), items, pinned_worker, options);
}

}  // namespace detail
}  // namespace clusterless
