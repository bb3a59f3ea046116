// SPDX-License-Identifier: MIT
// expect: clusterless: this lambda or function object has captures or members, which do not travel;
// pass values with clusterless::bind(f, value...) or pool.broadcast
#include <clusterless/clusterless.hpp>
#include <cstdio>

void wrong(clusterless::pool& pool, const std::vector<double>& xs) {
  const double scale = 2;
  auto job = pool.pmap([=](double x) { return x * scale; }, xs);  // here
  auto values = job.fetch();
  for (const double y : values)
    std::printf("%g %g\n", y, values[0]);
}
