// SPDX-License-Identifier: MIT
// The program `clusterless`.
#include "cli/commands.hpp"

int main(int argc, char** argv) {
  return clusterless::cli::run(argc, argv);
}
