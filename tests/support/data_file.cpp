// SPDX-License-Identifier: MIT
#include "support/data_file.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace clusterless::tests {

std::string data_file(const std::string& name) {
  std::ifstream file(std::string(CLUSTERLESS_TEST_DATA) + "/" + name, std::ios::binary);
  if (!file) throw std::runtime_error("no such test data: " + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace clusterless::tests
