// SPDX-License-Identifier: MIT
// expect: clusterless: the function must take the item first and then exactly the arguments fixed
// with clusterless::bind (for run: exactly the arguments given)
#include <clusterless/clusterless.hpp>

double line(double x, double a, double b) {
  return a * x + b;
}

void wrong(clusterless::pool& pool) {
  auto job = pool.run(line, 3.0, 1.0);  // here
  const double value = job.fetch(0);
}
