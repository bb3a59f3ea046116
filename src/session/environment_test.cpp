// SPDX-License-Identifier: MIT
#include "session/environment.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

using clusterless::session::environment;

namespace {

std::string value(const char* name) {
  const char* found = std::getenv(name);
  return found == nullptr ? "(unset)" : found;
}
std::string block(std::initializer_list<const char*> lines) {
  std::string all;
  for (const char* line : lines)
    all += std::string(line) + '\0';
  return all;
}

}  // namespace

TEST_CASE("a block of variables is undone by the next one, to what was there before") {
  ::setenv("ENVIRONMENT_TEST_A", "outer", 1);
  ::unsetenv("ENVIRONMENT_TEST_B");
  environment items;

  items.apply(block({"ENVIRONMENT_TEST_A=1=2", "ENVIRONMENT_TEST_B="}));
  CHECK(value("ENVIRONMENT_TEST_A") == "1=2");
  CHECK(value("ENVIRONMENT_TEST_B") == "");
  items.apply(block({"ENVIRONMENT_TEST_B=x"}));
  CHECK(value("ENVIRONMENT_TEST_A") == "outer");
  CHECK(value("ENVIRONMENT_TEST_B") == "x");
  items.apply("");
  CHECK(value("ENVIRONMENT_TEST_B") == "(unset)");
  ::unsetenv("ENVIRONMENT_TEST_A");
}

TEST_CASE("of two values for one name the last wins, and both are undone") {
  ::setenv("ENVIRONMENT_TEST_A", "outer", 1);
  environment items;

  items.apply(block({"ENVIRONMENT_TEST_A=map", "ENVIRONMENT_TEST_A=nested", "no equals sign"}));
  CHECK(value("ENVIRONMENT_TEST_A") == "nested");
  items.apply("");
  CHECK(value("ENVIRONMENT_TEST_A") == "outer");
  ::unsetenv("ENVIRONMENT_TEST_A");
}
