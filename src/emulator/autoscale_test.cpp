// SPDX-License-Identifier: MIT
#include "emulator/autoscale.hpp"

#include <doctest/doctest.h>

using namespace clusterless::emulator;

namespace {

autoscale_outcome run(const std::string& formula, int samples = 20) {
  std::vector<std::map<std::string, double>> all;
  for (int i = 0; i < samples; ++i)
    all.push_back({{"$time", 10'000.0 - 30 * (samples - 1 - i)},
                   {"$ActiveTasks", i},
                   {"$RunningTasks", 2},
                   {"$PendingTasks", i + 2.0},
                   {"$SucceededTasks", 0},
                   {"$FailedTasks", 0},
                   {"$CurrentDedicatedNodes", 3},
                   {"$CurrentLowPriorityNodes", 0},
                   {"$PreemptedNodeCount", 0},
                   {"$UsableNodeCount", 3}});
  autoscale_inputs in;
  in.now = 10'000;
  in.samples = &all;
  in.variables = {{"$TargetDedicatedNodes", 3}, {"$TargetLowPriorityNodes", 1}};
  return run_autoscale(formula, in);
}

}  // namespace

TEST_CASE("a formula of the documentation gives nodes by pending tasks") {
  const auto out = run(R"(startingNumberOfVMs = 1;
    maxNumberofVMs = 25;
    pendingTaskSamplePercent = $PendingTasks.GetSamplePercent(180 * TimeInterval_Second);
    pendingTaskSamples = pendingTaskSamplePercent < 70 ? startingNumberOfVMs
        : avg($PendingTasks.GetSample(180 * TimeInterval_Second));
    $TargetDedicatedNodes = min(maxNumberofVMs, pendingTaskSamples);
    $NodeDeallocationOption = taskcompletion;)");
  CHECK(out.error == "");
  CHECK(out.dedicated == 18);
  CHECK(out.option == "taskcompletion");
  CHECK(
      out.results.starts_with("$TargetDedicatedNodes=18;$TargetLowPriorityNodes=1;"
                              "$NodeDeallocationOption=taskcompletion;startingNumberOfVMs=1"));
}

TEST_CASE("arithmetic, conditions and statistics follow their rules") {
  CHECK(run("$TargetDedicatedNodes = 1 + 2 * 3 - 4 / 2").dedicated == 5);
  CHECK(run("$TargetDedicatedNodes = (1 + 2) * 3 > 8 && !0 ? 7 : 1;").dedicated == 7);
  CHECK(run("$TargetDedicatedNodes = max($ActiveTasks.GetSample(3));").dedicated == 19);
  CHECK(run("v = {1,2,3} * 2; $TargetDedicatedNodes = sum(v) + len(v) + val(v, 2);").dedicated ==
        21);
  CHECK(run("$TargetDedicatedNodes = percentile({1,2,3,4,5}, 50);").dedicated == 3);
  CHECK(run("$TargetDedicatedNodes=time() - TimeInterval_Day < time() ? 2 : 0;").dedicated == 2);
  CHECK(run("$TargetDedicatedNodes = 1 > 0 ? 4 : avg($ActiveTasks.GetSample(99));").dedicated == 4);
  CHECK(run("// nothing changes\n").dedicated == 3);
}

TEST_CASE("what cannot be evaluated says whether it is the syntax") {
  CHECK(run("$TargetDedicatedNodes = ;").error_code == "AutoScalingFormulaSyntaxError");
  CHECK(run("$TargetDedicatedNodes = $Unknown;").error_code == "AutoScalingFormulaSyntaxError");
  CHECK(run("$TargetDedicatedNodes = 1 / 0;").error_code == "AutoScalingFormulaEvaluationError");
  CHECK(run("$TargetDedicatedNodes = $ActiveTasks.GetSample(5);", 1).error_code ==
        "AutoScalingFormulaEvaluationError");
  CHECK(run(std::string(100'000, '(')).error_code == "AutoScalingFormulaSyntaxError");
  CHECK(run(std::string(100'000, '-')).error_code == "AutoScalingFormulaSyntaxError");
}
