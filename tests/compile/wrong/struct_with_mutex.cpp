// SPDX-License-Identifier: MIT
// expect: clusterless: values of this type cannot be sent; use numbers, strings, std containers
// (maps, sets and the like: include <clusterless/codec_std.hpp>), plain structs of these, or
// specialise clusterless::codec<T>
#include <clusterless/clusterless.hpp>
#include <mutex>

struct guarded {
  std::mutex mutex;
  int n = 0;
};
int count(const guarded& x) {
  return x.n;
}

void wrong(clusterless::pool& pool, const std::vector<guarded>& xs) {
  auto job = pool.pmap(count, xs);  // here
  const int first = job.fetch()[0];
}
