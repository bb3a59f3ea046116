// SPDX-License-Identifier: MIT
// Nodes that only pretend: every command succeeds after a given time without a process, so that
// pools of thousands of nodes and a hundred thousand tasks fit on one machine.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "emulator/node_runner.hpp"

namespace clusterless::emulator {

class pretend_nodes : public node_executor {
 public:
  pretend_nodes(std::string directory, ticks each_takes, node_runner::clock now)
      : directory_(std::move(directory)), takes_(each_takes), now_(std::move(now)) {}

  std::string root(int number) const override;
  void perform(const action& order) override;
  void shut_down() override;
  void end_leftovers() override {}
  /// The commands that are over by `now`.
  std::vector<std::pair<std::uint64_t, command_result>> over(ticks now);
  ticks next_due() const;

 private:
  struct ending {
    std::uint64_t run = 0;
    command_result result = {};
  };
  std::string directory_;
  ticks takes_;
  node_runner::clock now_;
  std::multimap<ticks, ending> running_;
  std::map<std::uint64_t, ticks> due_;
};

}  // namespace clusterless::emulator
