// SPDX-License-Identifier: MIT
// expect: clusterless: an element of the range does not convert to the function's first parameter
// without loss; map over a range of that type
#include <clusterless/clusterless.hpp>

int twice(int x) {
  return 2 * x;
}

std::vector<int> wrong(const std::vector<double>& xs) {
  return clusterless::pmap(twice, xs);  // here
}
