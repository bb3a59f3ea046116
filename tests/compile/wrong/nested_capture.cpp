// SPDX-License-Identifier: MIT
// expect: clusterless: this lambda or function object has captures or members, which do not travel;
// pass values with clusterless::bind(f, value...) or pool.broadcast
#include <clusterless/clusterless.hpp>

std::vector<double> wrong(const std::vector<double>& xs) {
  const double scale = 2;
  return clusterless::pmap([=](double x) { return x * scale; }, xs);  // here
}
