// SPDX-License-Identifier: MIT
// expect: clusterless: this function object cannot be made on a node, because it has no default
// constructor; map a function or a captureless lambda
#include <clusterless/clusterless.hpp>

struct twice {
  explicit twice(int) {}
  int operator()(int x) const { return 2 * x; }
};

void wrong(clusterless::pool& pool, const std::vector<int>& xs) {
  std::vector<int> values = pool.pmap(twice(1), xs).fetch();  // here
}
