// SPDX-License-Identifier: MIT
// expect: clusterless: the parameter types of this callable are not known (generic lambda or
// overloaded operator()); spell them out: [](const double& x) { ... }
#include <clusterless/clusterless.hpp>

struct twice {
  int operator()(int x) const { return 2 * x; }
  double operator()(double x) const { return 2 * x; }
};

void wrong(clusterless::pool& pool, const std::vector<double>& xs) {
  auto job = pool.pmap(twice{}, xs);  // here
  for (double y : job.fetch())
    if (y > job.fetch(0)) return;
}
