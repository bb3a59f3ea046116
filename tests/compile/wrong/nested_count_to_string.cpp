// SPDX-License-Identifier: MIT
// expect: clusterless: pmap(f, n) maps over 0 ... n-1, so f must take a number first
#include <clusterless/clusterless.hpp>

std::size_t length(const std::string& text) {
  return text.size();
}

std::size_t wrong() {
  return clusterless::pmap(length, 10)[0];  // here
}
