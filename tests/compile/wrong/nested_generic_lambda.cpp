// SPDX-License-Identifier: MIT
// expect: clusterless: the parameter types of this callable are not known (generic lambda or
// overloaded operator()); spell them out: [](const double& x) { ... }
#include <clusterless/clusterless.hpp>

std::vector<double> wrong(const std::vector<double>& xs) {
  auto ys = clusterless::pmap([](auto x) { return x; }, xs);  // here
  if (ys.size() != xs.size() || ys[0] > 1) return {};
  return ys;
}
