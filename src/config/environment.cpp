// SPDX-License-Identifier: MIT
#include "config/environment.hpp"

#include <cstdlib>

namespace clusterless::config {

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

environment read_environment() {
  return {variable("PARAMETERS"), variable("CREDENTIALS"), variable("CLUSTERLESS_ENGINE")};
}

}  // namespace clusterless::config
