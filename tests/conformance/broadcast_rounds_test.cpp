// SPDX-License-Identifier: MIT
// Fresh broadcasts for every map of a loop, as iterative programs make them.
#include <doctest/doctest.h>

#include <vector>

#include "conformance/pool_under_test.hpp"

namespace cl = clusterless;
using conformance::make_pool;

namespace {

double scaled_sum(int item, const cl::broadcast<std::vector<double>>& numbers,
                  const cl::broadcast<double>& factor) {
  double sum = item;
  for (const double each : *numbers)
    sum += each * *factor;
  return sum;
}

double sum_of(int item, const cl::broadcast<cl::array<double>>& numbers) {
  double sum = item;
  for (const double each : *numbers)
    sum += each;
  return sum;
}

}  // namespace

TEST_CASE("items that are queued ahead read fresh broadcasts at once") {
  auto pool = make_pool(2);
  for (int round = 0; round < 300; ++round) {
    const auto numbers = pool.broadcast(std::vector<double>(65, round));
    const auto factor = pool.broadcast(1.0 + round);
    const auto sums =
        pool.pmap(cl::bind(scaled_sum, numbers, factor), 8, {.items_per_task = 1}).fetch();
    for (int i = 0; i < 8; ++i)
      REQUIRE(sums.at(static_cast<std::size_t>(i)) == i + 65.0 * round * (1.0 + round));
  }
}

TEST_CASE("arrays that take the memory of earlier ones are other broadcasts") {
  auto pool = make_pool(2);
  constexpr std::size_t n = 10'000;
  for (int round = 0; round < 100; ++round) {
    cl::array<double> numbers(n);
    numbers[0] = round;
    const auto shared = pool.broadcast(std::move(numbers));
    const auto sums = pool.pmap(cl::bind(sum_of, shared), 4, {.items_per_task = 1}).fetch();
    for (int i = 0; i < 4; ++i)
      REQUIRE(sums.at(static_cast<std::size_t>(i)) == i + round);
  }
}
