// SPDX-License-Identifier: MIT
#include "engine/azure/node_pool.hpp"

#include <doctest/doctest.h>

using namespace clusterless::engine;

TEST_CASE("a formula tells until when it keeps its nodes in any case") {
  constexpr std::int64_t until_s = 1'800'000'000;
  const std::string formula = idle_formula(4, until_s);

  CHECK(fresh_until(formula, 4) == until_s);
  CHECK(fresh_until(formula, 40) == 0);
  CHECK(fresh_until("", 4) == 0);
  CHECK(fresh_until("$TargetDedicatedNodes = 4;", 4) == 0);
  CHECK(formula.size() < 8192);
}
