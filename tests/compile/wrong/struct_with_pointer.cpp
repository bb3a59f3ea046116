// SPDX-License-Identifier: MIT
// expect: clusterless: values of this type cannot be sent; use numbers, strings, std containers
#include <clusterless/clusterless.hpp>

struct node {
  double value = 0;
  node* next = nullptr;
};
double value_of(const node& n) {
  return n.value;
}

void wrong(clusterless::pool& pool, const std::vector<node>& nodes) {
  auto job = pool.pmap(value_of, nodes);  // here
  const double first = job.fetch()[0];
}
