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

int plus(int x, const clusterless::broadcast<opaque>& with) {
  return x + with->n();
}

void wrong(clusterless::pool& pool) {
  auto with = pool.broadcast(opaque(3));  // here
}
