// SPDX-License-Identifier: MIT
// expect: clusterless: the parameter types of this callable are not known (generic lambda or
// overloaded operator()); spell them out: [](const double& x) { ... }
#include <clusterless/clusterless.hpp>

void wrong(clusterless::pool& pool, const std::vector<double>& xs) {
  auto job = pool.pmap([](auto x) { return 2 * x; }, xs);  // here
  std::vector<double> values = job.fetch();
  double first = job.fetch(0);
  for (const auto& outcome : job.completed())
    first += outcome.value();
}
