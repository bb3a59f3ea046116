// SPDX-License-Identifier: MIT
// expect: clusterless: the function must take the item first and then exactly the arguments fixed
// with clusterless::bind (for run: exactly the arguments given)
#include <clusterless/clusterless.hpp>

double scaled(double x, double scale) {
  return x * scale;
}

void wrong(clusterless::pool& pool, const std::vector<double>& xs) {
  auto job = pool.pmap(scaled, xs);  // here
  const double first = job.fetch()[0];
}
