// SPDX-License-Identifier: MIT
// expect: clusterless: the results passed as items are not of the type the function takes
#include <clusterless/clusterless.hpp>

std::string name(int n) {
  return std::to_string(n);
}
double twice(double x) {
  return 2 * x;
}

void wrong(clusterless::pool& pool) {
  auto names = pool.pmap(name, 10);
  std::vector<clusterless::result<std::string>> inputs = {names.result(3)};
  auto job = pool.pmap(twice, inputs);  // here
  const double first = job.fetch()[0];
}
