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

void wrong(clusterless::pool& pool, const std::vector<int>& xs) {
  auto job = pool.pmap(make, xs);  // here
  auto values = job.fetch();
  const opaque first = values[0];
}
