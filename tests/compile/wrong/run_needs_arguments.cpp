// SPDX-License-Identifier: MIT
// expect: clusterless: the function must take the item first and then exactly the arguments fixed
#include <clusterless/clusterless.hpp>

double twice(double x) {
  return 2 * x;
}

void wrong(clusterless::pool& pool) {
  auto job = pool.run(twice);  // here
  const double value = job.fetch(0);
}
