// SPDX-License-Identifier: MIT
// expect: has no non-static data member named ‘retires’
#include <clusterless/clusterless.hpp>

double twice(double x) {
  return 2 * x;
}

void wrong(clusterless::pool& pool, const std::vector<double>& xs) {
  auto job = pool.pmap(twice, xs, clusterless::map_options{.retires = {.user = 2}});  // here
  const double first = job.fetch()[0];
}
