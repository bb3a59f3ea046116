// SPDX-License-Identifier: MIT
// expect: clusterless: this struct contains itself, through a container or pointer; keep its parts
// in one flat std::vector, or specialise clusterless::codec<T>
#include <clusterless/clusterless.hpp>

struct tree {
  int value = 0;
  std::vector<tree> children = {};
};
int sum(const tree& t) {
  return t.value;
}

void wrong(clusterless::pool& pool, const std::vector<tree>& trees) {
  auto job = pool.pmap(sum, trees);  // here
  const int first = job.fetch()[0];
}
