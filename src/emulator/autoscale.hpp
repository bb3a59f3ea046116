// SPDX-License-Identifier: MIT
// The formula language of pools that scale themselves, as far as it is documented ("Create a
// formula to automatically scale compute nodes"): variables, samples, statistics, times,
// conditions. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace clusterless::emulator {

struct autoscale_inputs {
  double now = 0;  ///< seconds since 1970
  /// One map a sample, oldest first: "$time" (seconds since 1970), "$ActiveTasks", …
  const std::vector<std::map<std::string, double>>* samples = nullptr;
  double sample_seconds = 30;
  std::map<std::string, double> variables = {};  ///< "$TargetDedicatedNodes" … as they are now
};

struct autoscale_outcome {
  /// "$TargetDedicatedNodes=4;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue;n=4"
  std::string results = {};
  std::string error_code = {};
  std::string error = {};  ///< empty: it could be evaluated
  int dedicated = 0;
  int spot = 0;
  std::string option = "requeue";
};

autoscale_outcome run_autoscale(const std::string& formula, const autoscale_inputs& in);

}  // namespace clusterless::emulator
