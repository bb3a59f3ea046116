// SPDX-License-Identifier: MIT
// expect: has no non-static data member named ‘nods’
#include <clusterless/clusterless.hpp>

void wrong() {
  auto pool = clusterless::create_pool(clusterless::pool_options{.nods = 2});  // here
}
