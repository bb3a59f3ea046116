// SPDX-License-Identifier: MIT
// expect: clusterless: a value given to clusterless::bind does not convert to its parameter without
// loss; give a value of the parameter's type
#include <clusterless/clusterless.hpp>

double scaled(double x, int scale) {
  return x * scale;
}

void wrong(clusterless::pool& pool, const std::vector<double>& xs) {
  auto job = pool.pmap(clusterless::bind(scaled, std::string("two")), xs);  // here
  const double first = job.fetch()[0];
}
