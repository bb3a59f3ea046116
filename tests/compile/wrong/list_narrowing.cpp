// SPDX-License-Identifier: MIT
// expect: clusterless: an element of the range does not convert to the function's first parameter
#include <clusterless/clusterless.hpp>

int twice(int x) {
  return 2 * x;
}

void wrong(clusterless::pool& pool) {
  auto job = pool.pmap(twice, {1.5, 2.5});  // here
  const int first = job.fetch()[0];
}
