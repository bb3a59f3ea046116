// SPDX-License-Identifier: MIT
// expect: clusterless: a parameter is a view, which owns nothing to send; take std::string,
// std::vector or clusterless::array
#include <clusterless/clusterless.hpp>
#include <span>

double sum(std::span<const double> xs) {
  return xs.empty() ? 0 : xs[0];
}

void wrong(clusterless::pool& pool, const std::vector<std::vector<double>>& xs) {
  auto job = pool.pmap(sum, xs);  // here
  const double first = job.fetch()[0];
}
