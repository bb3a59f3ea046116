// SPDX-License-Identifier: MIT
// expect: clusterless: the operation of a reduction takes the total so far and a result and returns
#include <clusterless/clusterless.hpp>

double twice(double x) {
  return 2 * x;
}

std::string wrong(const std::vector<double>& xs) {
  return clusterless::map_reduce(  // here
      twice, xs, std::string(), [](std::string all, const std::string& x) { return all + x; });
}
