// SPDX-License-Identifier: MIT
// expect: has no non-static data member named ‘retires’
#include <clusterless/clusterless.hpp>

double twice(double x) {
  return 2 * x;
}

std::vector<double> wrong(const std::vector<double>& xs) {
  return clusterless::pmap(twice, xs, clusterless::map_options{.retires = {.user = 2}});  // here
}
