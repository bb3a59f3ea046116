// SPDX-License-Identifier: MIT
// expect: clusterless: this lambda or function object has captures or members, which do not travel;
// pass values with clusterless::bind(f, value...) or pool.broadcast
#include <clusterless/clusterless.hpp>

void wrong(clusterless::pool& pool) {
  const double scale = 2;
  auto job = pool.run([=](double x) { return x * scale; }, 3.0);  // here
  const double value = job.fetch(0);
}
