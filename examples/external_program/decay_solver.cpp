// SPDX-License-Identifier: MIT
// Stands for a program that was not written for Clusterless: decay_solver INPUT OUTPUT STEP solves
// y' = -rate·y, y(0) = 1, with steps of STEP seconds up to t = 1. INPUT holds the rate. Exit codes:
// 0 solved, 2 wrong input, 3 the step is too long for this rate.
#include <cstdio>
#include <cstdlib>
#include <fstream>

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: decay_solver INPUT OUTPUT STEP\n");
    return 2;
  }
  double rate = 0;
  if (!(std::ifstream(argv[1]) >> rate) || rate <= 0) {
    std::fprintf(stderr, "decay_solver: %s does not hold a positive rate\n", argv[1]);
    return 2;
  }
  const double step = std::atof(argv[3]);
  if (step * rate >= 2) {
    std::fprintf(stderr, "decay_solver: a step of %g s is unstable for a rate of %g/s\n", step,
                 rate);
    return 3;
  }
  std::ofstream out(argv[2]);
  double y = 1;
  for (double t = 0; t < 1; t += step) {
    out << t << ' ' << y << '\n';
    y -= step * rate * y;
  }
  return out.flush() ? 0 : 1;
}
