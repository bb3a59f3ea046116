// SPDX-License-Identifier: MIT
// expect: clusterless: this struct cannot be taken apart into its fields, because it has a C array,
// a base class or more than 24 fields; use std::array, a member for the base, structs in structs,
// or specialise clusterless::codec<T>
#include <clusterless/clusterless.hpp>

struct wide {
  int a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13;
  int b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13;
};
int sum(const wide& p) {
  return p.a1 + p.b13;
}

void wrong(clusterless::pool& pool, const std::vector<wide>& xs) {
  auto job = pool.pmap(sum, xs);  // here
}
