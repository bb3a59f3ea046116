// SPDX-License-Identifier: MIT
// expect: clusterless: this lambda or function object has captures or members, which do not travel;
// pass values with clusterless::bind(f, value...) or pool.broadcast
#include <clusterless/clusterless.hpp>

void wrong(clusterless::pool& pool, const std::vector<double>& xs) {
  double total = 0;
  auto job = pool.pmap([&](double x) { total += x; }, xs);  // here
  for (const auto& outcome : job.completed())
    if (!outcome) throw outcome.error();
}
