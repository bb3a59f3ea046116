// SPDX-License-Identifier: MIT
// expect: clusterless: the operation of a reduction takes the total so far and a result and returns
// the new total; its types do not fit
#include <clusterless/clusterless.hpp>

double twice(double x) {
  return 2 * x;
}

double wrong(clusterless::pool& pool) {
  auto job = pool.pmap(twice, 10);
  return job.reduce(0.0, [](double a, const std::string& b) { return a + b.size(); });  // here
}
