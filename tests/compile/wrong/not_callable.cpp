// SPDX-License-Identifier: MIT
// expect: clusterless: this cannot be mapped; map a function, a captureless lambda or a stateless
// function object
#include <clusterless/clusterless.hpp>

void wrong(clusterless::pool& pool, const std::vector<int>& xs) {
  auto job = pool.pmap(42, xs);  // here
  auto values = job.fetch();
}
