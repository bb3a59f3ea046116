// SPDX-License-Identifier: MIT
// expect: clusterless: this lambda or function object has captures or members, which do not travel;
// pass values with clusterless::bind(f, value...) or pool.broadcast
#include <clusterless/clusterless.hpp>

double wrong() {
  const double scale = 2;
  return clusterless::remote_call(  // here
      2, [&](double x) { return x * scale; }, 3.0);
}
