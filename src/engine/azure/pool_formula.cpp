// SPDX-License-Identifier: MIT
#include "engine/azure/pool_formula.hpp"

#include <algorithm>

#include "azure/text.hpp"

namespace clusterless::engine {

namespace {

constexpr const char* middle = "\");\n";

std::string start_of(const pool_size& nodes) {
  return "dedicated = " + std::to_string(nodes.dedicated) +
         ";\nspot = " + std::to_string(nodes.spot) + ";\nfresh = time() < time(\"";
}

}  // namespace

std::string idle_formula(const pool_size& nodes, std::int64_t fresh_until_s) {
  // The samples tell nothing of tasks that are on their way.
  return start_of(nodes) + azure::iso_time(fresh_until_s) + middle +
         "seen = $PendingTasks.GetSamplePercent(15 * TimeInterval_Minute);\n"
         "busy = seen < 50 ? 1 : max($PendingTasks.GetSample(15 * TimeInterval_Minute));\n"
         "$TargetDedicatedNodes = fresh || busy > 0 ? dedicated : 0;\n"
         "$TargetLowPriorityNodes = fresh || busy > 0 ? spot : 0;\n"
         "$NodeDeallocationOption = taskcompletion;";
}

std::int64_t fresh_until(const std::string& formula, const pool_size& nodes) {
  const std::string start = start_of(nodes);
  const std::size_t end = formula.find(middle);
  if (!formula.starts_with(start) || end == std::string::npos || end < start.size()) return 0;
  return azure::parse_iso_time(formula.substr(start.size(), end - start.size())).value_or(0) / 1000;
}

pool_size resized(const pool_size& is, int nodes) {
  if (is.spot == 0) return {nodes, 0};
  const int dedicated = std::min(is.dedicated, nodes);
  return {dedicated, nodes - dedicated};
}

}  // namespace clusterless::engine
