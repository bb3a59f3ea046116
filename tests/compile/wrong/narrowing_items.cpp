// SPDX-License-Identifier: MIT
// expect: clusterless: an element of the range does not convert to the function's first parameter
// without loss; map over a range of that type
#include <clusterless/clusterless.hpp>

int twice(int x) {
  return 2 * x;
}

void wrong(clusterless::pool& pool, const std::vector<double>& xs) {
  auto job = pool.pmap(twice, xs);  // here
  const int first = job.fetch()[0];
}
