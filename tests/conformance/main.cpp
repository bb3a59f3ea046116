// SPDX-License-Identifier: MIT
// conformance_test --engine=NAME: the cases every engine has to pass. Records of named jobs go to a
// store of its own, which is removed at the end.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <clusterless/init.hpp>

#include <cstdlib>

#include "conformance/pool_under_test.hpp"

int main(int argc, char** argv) {
  clusterless::init(argc, argv);
  conformance::choose_engine(argc, argv);
  const conformance::shared_folder store;
  ::setenv("CLUSTERLESS_STORE", store.path().c_str(), 1);
  ::unsetenv("PARAMETERS");
  ::unsetenv("CREDENTIALS");
  return doctest::Context(argc, argv).run();
}
