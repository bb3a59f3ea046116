// SPDX-License-Identifier: MIT
#include "os/abilities.hpp"

#include <doctest/doctest.h>

TEST_CASE("where the library runs, the doctor finds what it needs") {
  CHECK(clusterless::os::why_no_shared_memory().empty());
  CHECK(clusterless::os::why_no_pidfd().empty());
}
