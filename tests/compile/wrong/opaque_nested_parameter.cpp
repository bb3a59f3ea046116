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

int count(const std::vector<std::vector<opaque>>& xs) {
  return xs[0][0].n();
}

void wrong(clusterless::pool& pool, const std::vector<std::vector<std::vector<opaque>>>& xs) {
  auto job = pool.pmap(count, xs);  // here
  const int first = job.fetch()[0];
}
