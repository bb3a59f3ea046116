// SPDX-License-Identifier: MIT
// expect: clusterless: pmap(f, n) maps over 0 ... n-1, so f must take a number first
#include <clusterless/clusterless.hpp>

std::size_t length(const std::string& text) {
  return text.size();
}

void wrong(clusterless::pool& pool) {
  auto job = pool.pmap(length, 10);  // here
  const std::size_t first = job.fetch()[0];
}
