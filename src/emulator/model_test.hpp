// SPDX-License-Identifier: MIT
// The model with a clock turned by hand and nodes that end commands when the test says so.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "emulator/model.hpp"
#include "emulator/service_error.hpp"

namespace clusterless::emulator {

struct model_by_hand {
  explicit model_by_hand(const model_options& options = {})
      : at(unix_epoch + 20'000 * one_day), model(options, at) {}

  void pass(ticks length) {
    at += length;
    model.advance(at);
    take();
  }
  void take() {
    model.advance(at);
    for (action& each : model.take_actions())
      (each.what == action::kind::run ? runs : others).push_back(std::move(each));
  }
  emulator::pool& pool(const std::string& more = "\"targetDedicatedNodes\":2",
                       const char* id = "p") {
    emulator::pool& made = model.add_pool(json::parse(
        std::string("{\"id\":\"") + id + "\",\"vmSize\":\"standard_e2s_v3\"," + more + "}"));
    take();
    return made;
  }
  emulator::job& job(const std::string& more = "\"priority\":0", const char* id = "j") {
    return model.add_job(json::parse(std::string("{\"id\":\"") + id +
                                     "\",\"poolInfo\":{\"poolId\":\"p\"}," + more + "}"));
  }
  emulator::task& task(emulator::job& in, const std::string& id,
                       const std::string& more = "\"displayName\":\"x\"") {
    emulator::task& made = model.add_task(
        in, json::parse("{\"id\":\"" + id + "\",\"commandLine\":\"c\"," + more + "}"));
    take();
    return made;
  }
  /// The runs that nobody has ended, of a task or kind.
  std::vector<action> open(const std::string& task_id) const {
    std::vector<action> found;
    std::copy_if(runs.begin(), runs.end(), std::back_inserter(found),
                 [&](const action& each) { return each.task == task_id; });
    return found;
  }
  /// Ends the first open run of a task.
  void end(const std::string& task_id, int exit_code) {
    const auto found = std::find_if(runs.begin(), runs.end(),
                                    [&](const action& each) { return each.task == task_id; });
    REQUIRE(found != runs.end());
    const std::uint64_t run = found->run;
    runs.erase(found);
    model.finished(run, {exit_code, std::nullopt, at, at});
    take();
  }
  bool asked(action::kind what, std::uint64_t run = 0) const {
    return std::any_of(others.begin(), others.end(), [&](const action& each) {
      return each.what == what && (run == 0 || each.run == run);
    });
  }

  ticks at;
  emulator::model model;
  std::vector<action> runs;
  std::vector<action> others;
};

}  // namespace clusterless::emulator
