// SPDX-License-Identifier: MIT
// expect: clusterless: values of this type cannot be sent; use numbers, strings, std containers
// (maps, sets and the like: include <clusterless/codec_std.hpp>), plain structs of these, or
// specialise clusterless::codec<T>
#include <clusterless/clusterless.hpp>

class opaque {
 public:
  explicit opaque(int n) : n_(n) {}
  int n() const { return n_; }

 private:
  int n_;
};

opaque make(int n) {
  return opaque(n);
}

int wrong(const std::vector<int>& xs) {
  auto made = clusterless::pmap(make, xs);  // here
  return made[0].n();
}
