// SPDX-License-Identifier: MIT
// expect: clusterless: this lambda or function object has captures or members, which do not travel;
// pass values with clusterless::bind(f, value...) or pool.broadcast
#include <clusterless/clusterless.hpp>
#include <functional>

void wrong(clusterless::pool& pool, const std::vector<double>& xs) {
  const std::function<double(double)> f = [](double x) { return x; };
  std::vector<double> values = pool.pmap(f, xs).fetch();  // here
}
