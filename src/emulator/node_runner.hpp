// SPDX-License-Identifier: MIT
// Nodes that really run: each is a directory laid out as on a node of the service and a loopback
// address; each command is a process group there. What the model asks for goes in as actions, what
// became of commands comes out through a callback, from threads of its own.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "emulator/api.hpp"
#include "emulator/model_types.hpp"
#include "emulator/node_tools.hpp"
#include "os/process.hpp"
#include "os/spawner.hpp"

namespace clusterless::emulator {

/// What performs the actions of the model.
class node_executor : public node_files {
 public:
  virtual void perform(const action& order) = 0;
  /// Ends everything that runs; nothing is told any more.
  virtual void shut_down() = 0;
  /// Ends processes that an earlier run of the emulator left in these directories.
  virtual void end_leftovers() = 0;
};

struct node_runner_options {
  std::string directory = {};  ///< absolute; a node is directory/number
  std::string account = {};
  std::string account_url = {};
  ticks stop_takes =
      0;  ///< from SIGTERM to SIGKILL for a command that is to end; 0: killed at once
};

class node_runner : public node_executor {
 public:
  using teller = std::function<void(std::uint64_t run, const command_result& result)>;
  using clock = std::function<ticks()>;

  node_runner(node_runner_options options, clock now, teller tell);
  ~node_runner() override;
  std::string root(int number) const override;
  void perform(const action& order) override;
  void shut_down() override;
  void end_leftovers() override;
  /// The next `times` commands of tasks are started twice, as the service may.
  void duplicate(int times) { duplicates_ += times; }

 private:
  struct command;
  void start(const action& order);
  void stop(std::uint64_t run);
  void sweep(const action& order);
  void work(const std::shared_ptr<command>& of);
  command_result run(command& of);
  command_result launch(command& of, const node_paths& at, const environment& env);
  command_result wait_for(command& of, os::child_process child);
  void join_finished();

  node_runner_options options_;
  clock now_;
  teller tell_;
  std::mutex mutex_;
  std::mutex spawning_;
  os::spawner spawner_;
  std::map<std::uint64_t, std::shared_ptr<command>> commands_;
  std::vector<std::shared_ptr<command>> finished_;
  /// What coordination commands started stays with the task: directory -> its leaders.
  std::map<std::string, std::vector<os::child_process>> kept_;
  std::atomic<int> duplicates_{0};
  std::atomic<bool> over_{false};
};

}  // namespace clusterless::emulator
