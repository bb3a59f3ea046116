// SPDX-License-Identifier: MIT
// expect: clusterless: the second argument is not something to map over; pass a container, a view,
// a generator or a count
#include <clusterless/clusterless.hpp>

double twice(double x) {
  return 2 * x;
}

void wrong(clusterless::pool& pool) {
  auto job = pool.pmap(twice, 2.5);  // here
  const double first = job.fetch()[0];
}
