// SPDX-License-Identifier: MIT
// expect: clusterless: a reduction with options runs on the nodes, and captures do not travel; give
// a function, a captureless lambda or a stateless function object
#include <clusterless/clusterless.hpp>

double twice(double x) {
  return 2 * x;
}

double wrong(clusterless::pool& pool) {
  const double weight = 0.5;
  auto job = pool.pmap(twice, 10);
  return job.reduce(  // here
      0.0, [&](double a, double b) { return a + weight * b; }, {.remote = true});
}
