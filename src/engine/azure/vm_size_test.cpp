// SPDX-License-Identifier: MIT
#include "engine/azure/vm_size.hpp"

#include <doctest/doctest.h>

using namespace clusterless::engine;

TEST_CASE("the name of a VM size tells its processors") {
  CHECK(vcpus_of("Standard_E2s_v3") == 2);
  CHECK(vcpus_of("standard_d64as_v4") == 64);
  CHECK(vcpus_of("Standard_HB120rs_v3") == 120);
  CHECK(vcpus_of("Standard_NC24ads_A100_v4") == 24);
  CHECK(vcpus_of("Standard_A8m_v2") == 8);
  CHECK(vcpus_of("Standard_F16") == 16);
}

TEST_CASE("sizes of old have numbers that count something else") {
  CHECK(vcpus_of("STANDARD_D1_V2") == 1);
  CHECK(vcpus_of("Standard_D4_v2") == 8);
  CHECK(vcpus_of("Standard_DS13_v2") == 8);
  CHECK(vcpus_of("Standard_D15_v2") == 20);
  CHECK(vcpus_of("Standard_A3") == 4);
}

TEST_CASE("what a name does not tell is not guessed") {
  for (const char* name : {"", "small", "Standard_", "Standard_Enormous", "Standard_E4-2s_v3",
                           "Standard_G5", "Standard_D6_v2"})
    CHECK_FALSE(vcpus_of(name));
}

TEST_CASE("families are named as quotas name them, but for the case") {
  CHECK(family_of("Standard_E2s_v3") == "standardesv3family");
  CHECK(family_of("Standard_D4as_v4") == "standarddasv4family");
  CHECK(family_of("Standard_F4s_v2") == "standardfsv2family");
  CHECK(family_of("Standard_HB120rs_v2") == "standardhbrsv2family");
  CHECK(family_of("Standard_NC24ads_A100_v4") == "standardncadsa100v4family");
  CHECK(family_of("small").empty());
}
