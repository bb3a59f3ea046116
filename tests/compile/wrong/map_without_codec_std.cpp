// SPDX-License-Identifier: MIT
// expect: clusterless: values of this type cannot be sent; use numbers, strings, std containers
// (maps, sets and the like: include <clusterless/codec_std.hpp>), plain structs of these, or
// specialise clusterless::codec<T>
#include <clusterless/clusterless.hpp>
#include <map>

int count(const std::map<std::string, int>& m) {
  return static_cast<int>(m.size());
}

void wrong(clusterless::pool& pool, const std::vector<std::map<std::string, int>>& xs) {
  auto job = pool.pmap(count, xs);  // here
}
