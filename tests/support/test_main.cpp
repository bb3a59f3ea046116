// SPDX-License-Identifier: MIT
// The main of test programs: workers that a test starts are this program again.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <clusterless/init.hpp>

int main(int argc, char** argv) {
  clusterless::init(argc, argv);
  return doctest::Context(argc, argv).run();
}
