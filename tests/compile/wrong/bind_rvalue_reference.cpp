// SPDX-License-Identifier: MIT
// expect: clusterless: a value given to clusterless::bind is used for many items, so its parameter
// must be a const reference or a value that can be copied
#include <clusterless/clusterless.hpp>

std::string join(int i, std::string&& text) {
  return std::to_string(i) + text;
}

void wrong(clusterless::pool& pool) {
  auto job = pool.pmap(clusterless::bind(join, std::string("th")), 10);  // here
  const std::string first = job.fetch()[0];
}
