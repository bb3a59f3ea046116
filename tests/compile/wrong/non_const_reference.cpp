// SPDX-License-Identifier: MIT
// expect: clusterless: a parameter is a non-const reference, and what is written to it stays on the
// node; take a value or a const reference and return the result
#include <clusterless/clusterless.hpp>

void fill(std::vector<double>& trace) {
  trace[0] = 1;
}

void wrong(clusterless::pool& pool, std::vector<std::vector<double>>& traces) {
  auto job = pool.pmap(fill, traces);  // here
  job.fetch();
}
