// SPDX-License-Identifier: MIT
// expect: clusterless: the function returns a reference, pointer or view into the node's memory;
// return the value
#include <clusterless/clusterless.hpp>
#include <span>

std::span<const double> head(const std::vector<double>& xs) {
  return xs;
}

void wrong(clusterless::pool& pool, const std::vector<std::vector<double>>& xs) {
  auto values = pool.pmap(head, xs).fetch();  // here
}
