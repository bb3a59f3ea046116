// SPDX-License-Identifier: MIT
// expect: clusterless: a parameter is a pointer, which means nothing on another node; take the
// value (std::string, std::vector, a struct)
#include <clusterless/clusterless.hpp>

std::size_t length(const char* text) {
  return std::string(text).size();
}

void wrong(clusterless::pool& pool, const std::vector<const char*>& xs) {
  auto job = pool.pmap(length, xs);  // here
  const std::vector<std::size_t> values = job.fetch();
}
