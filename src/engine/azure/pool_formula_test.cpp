// SPDX-License-Identifier: MIT
#include "engine/azure/pool_formula.hpp"

#include <doctest/doctest.h>

using namespace clusterless::engine;

TEST_CASE("a formula tells until when it keeps its nodes in any case") {
  constexpr std::int64_t until_s = 1'800'000'000;
  const std::string formula = idle_formula({4, 2}, until_s);

  CHECK(fresh_until(formula, {4, 2}) == until_s);
  CHECK(fresh_until(formula, {40, 2}) == 0);
  CHECK(fresh_until(formula, {4, 0}) == 0);
  CHECK(fresh_until("", {4, 0}) == 0);
  CHECK(fresh_until("$TargetDedicatedNodes = 4;", {4, 0}) == 0);
  CHECK(formula.size() < 8192);
}

TEST_CASE("a pool that changes its size keeps its dedicated nodes where it has spot nodes") {
  CHECK(resized({4, 0}, 6) == pool_size{6, 0});
  CHECK(resized({1, 3}, 10) == pool_size{1, 9});
  CHECK(resized({3, 1}, 2) == pool_size{2, 0});
  CHECK(resized({0, 4}, 2) == pool_size{0, 2});
}
