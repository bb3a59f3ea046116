// SPDX-License-Identifier: MIT
// expect: clusterless: this lambda or function object has captures or members, which do not travel;
// pass values with clusterless::bind(f, value...) or pool.broadcast
#include <clusterless/clusterless.hpp>

void wrong(clusterless::pool& pool, const std::vector<double>& xs) {
  double offset = 1;
  auto job = pool.pmap(  // here
      clusterless::bind([&](double x, double scale) { return scale * x + offset; }, 2.0), xs);
  const double first = job.fetch()[0];
}
