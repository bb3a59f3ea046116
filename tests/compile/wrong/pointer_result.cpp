// SPDX-License-Identifier: MIT
// expect: clusterless: the function returns a reference, pointer or view into the node's memory;
// return the value
#include <clusterless/clusterless.hpp>

const double* find(double x) {
  return new double(x);
}

void wrong(clusterless::pool& pool, const std::vector<double>& xs) {
  auto job = pool.pmap(find, xs);  // here
  auto values = job.fetch();
  const double first = *values[0];
}
