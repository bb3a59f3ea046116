// SPDX-License-Identifier: MIT
// What was looked at before anything is made, and what was found, for users to read. Plain data.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace clusterless::engine {

struct check {
  enum class grade { good, warning, failure };

  std::string name = {};  ///< "credentials"
  grade is = grade::good;
  std::string text = {};    ///< what was found
  std::string advice = {};  ///< what to do; empty when good
  std::string where = {};   ///< "azure", or "azure eastus" when there are several accounts
};
using checks = std::vector<check>;

/// What nodes cost, in a currency that the user knows, for an hour; unset: not said.
struct prices {
  std::optional<double> node = {};
};

}  // namespace clusterless::engine
