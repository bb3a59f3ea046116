// SPDX-License-Identifier: MIT
// expect: clusterless: the function returns a reference, pointer or view into the node's memory;
// return the value
#include <clusterless/clusterless.hpp>

std::string_view trimmed(const std::string& text) {
  return text;
}

void wrong(clusterless::pool& pool, const std::vector<std::string>& xs) {
  auto job = pool.pmap(trimmed, xs);  // here
  auto first = job.fetch()[0];
}
