// SPDX-License-Identifier: MIT
// expect: clusterless: the function must take the item first and then exactly the arguments fixed
#include <clusterless/clusterless.hpp>

double line(double x, double a, double b) {
  return a * x + b;
}

double wrong() {
  return clusterless::remote_call(2, line, 3.0);  // here
}
