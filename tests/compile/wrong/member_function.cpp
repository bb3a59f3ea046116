// SPDX-License-Identifier: MIT
// expect: clusterless: a member function cannot be mapped; map a captureless lambda that takes the
// object as its argument: [](const T& t) { return t.f(); }
#include <clusterless/clusterless.hpp>

void wrong(clusterless::pool& pool, const std::vector<std::string>& xs) {
  auto job = pool.pmap(&std::string::size, xs);  // here
  job.wait();
  auto values = job.fetch();
}
