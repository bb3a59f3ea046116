// SPDX-License-Identifier: MIT
// expect: clusterless: this struct cannot be taken apart into its fields, because it has a C array,
// a base class or more than 24 fields; use std::array, a member for the base, structs in structs,
// or specialise clusterless::codec<T>
#include <clusterless/clusterless.hpp>

struct point {
  double x[3];
  int label;
};
double norm(const point& p) {
  return p.x[0];
}

void wrong(clusterless::pool& pool, const std::vector<point>& xs) {
  auto job = pool.pmap(norm, xs);  // here
}
