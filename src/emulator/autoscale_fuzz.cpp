// SPDX-License-Identifier: MIT
// Any text is a formula with results, or one with an error; it never fails otherwise.
#include <cstdint>
#include <cstdlib>

#include "emulator/autoscale.hpp"

using namespace clusterless::emulator;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::map<std::string, double>> samples;
  for (int i = 0; i < 4; ++i)
    samples.push_back({{"$time", 1000.0 + 30 * i},
                       {"$ActiveTasks", i},
                       {"$RunningTasks", 2},
                       {"$PendingTasks", 2.0 + i},
                       {"$SucceededTasks", 0},
                       {"$FailedTasks", 0},
                       {"$CurrentDedicatedNodes", 1},
                       {"$CurrentLowPriorityNodes", 0},
                       {"$PreemptedNodeCount", 0},
                       {"$UsableNodeCount", 1}});
  autoscale_inputs in;
  in.now = 1100;
  in.samples = &samples;
  in.variables = {{"$TargetDedicatedNodes", 1}, {"$TargetLowPriorityNodes", 0}};
  const auto out = run_autoscale({reinterpret_cast<const char*>(data), size}, in);
  if (out.dedicated < 0 || out.spot < 0) std::abort();
  return 0;
}
