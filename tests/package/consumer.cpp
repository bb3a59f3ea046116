// SPDX-License-Identifier: MIT
// A program outside the tree that uses the installed package: an outer and a nested map, checked.
#include <clusterless/clusterless.hpp>
#include <clusterless/version.hpp>
#include <cstdio>
#include <vector>

namespace cl = clusterless;

int square(const int& x) {
  return x * x;
}

int sum_of_squares(const std::vector<int>& numbers) {
  return cl::map_reduce(square, numbers, 0, [](int a, int b) { return a + b; });
}

int main(int argc, char** argv) {
  cl::init(argc, argv);
  auto pool = cl::create_pool({.engine = "local", .pools = 1, .nodes = 2, .nodes_per_task = 2});
  const std::vector<std::vector<int>> lists = {{1, 2, 3}, {4, 5, 6}};
  const auto sums = pool.pmap(sum_of_squares, lists).fetch();
  std::printf("clusterless %s: %d %d\n", cl::version, sums.at(0), sums.at(1));
  return sums == std::vector<int>{14, 77} ? 0 : 1;
}
