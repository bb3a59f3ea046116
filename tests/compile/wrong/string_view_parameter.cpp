// SPDX-License-Identifier: MIT
// expect: clusterless: a parameter is a view, which owns nothing to send; take std::string,
// std::vector or clusterless::array
#include <clusterless/clusterless.hpp>

std::size_t length(std::string_view text) {
  return text.size();
}

void wrong(clusterless::pool& pool, const std::vector<std::string>& xs) {
  auto job = pool.pmap(length, xs);  // here
  const std::size_t first = job.fetch()[0];
}
