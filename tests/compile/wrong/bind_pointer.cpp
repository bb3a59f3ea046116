// SPDX-License-Identifier: MIT
// expect: clusterless: a parameter is a pointer, which means nothing on another node; take the
#include <clusterless/clusterless.hpp>

double at(int i, const double* xs) {
  return xs[i];
}

void wrong(clusterless::pool& pool, const std::vector<double>& xs) {
  auto job = pool.pmap(clusterless::bind(at, xs.data()), 10);  // here
  const double first = job.fetch()[0];
}
