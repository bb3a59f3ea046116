// SPDX-License-Identifier: MIT
// expect: clusterless: the function must take the item first and then exactly the arguments fixed
// with clusterless::bind (for run: exactly the arguments given)
#include <clusterless/clusterless.hpp>

double line(double x, double a, double b) {
  return a * x + b;
}

void wrong(clusterless::pool& pool, const std::vector<double>& xs) {
  auto job = pool.pmap(clusterless::bind(line, 2.0), xs);  // here
  const double first = job.fetch()[0];
}
