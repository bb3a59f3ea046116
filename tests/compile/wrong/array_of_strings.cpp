// SPDX-License-Identifier: MIT
// expect: clusterless: array<T> holds numbers and plain structs of numbers
#include <clusterless/clusterless.hpp>

std::size_t wrong() {
  clusterless::array<std::string> names(10);  // here
  return names[0].size();
}
