// SPDX-License-Identifier: MIT
// expect: clusterless: the function returns a reference, pointer or view into the node's memory;
// return the value
#include <clusterless/clusterless.hpp>

const std::string& longer(const std::string& text) {
  return text;
}

void wrong(clusterless::pool& pool, const std::vector<std::string>& xs) {
  auto job = pool.pmap(longer, xs);  // here
  auto values = job.fetch();
  const std::string first = values[0] + values.at(1);
}
