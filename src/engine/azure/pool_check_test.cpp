// SPDX-License-Identifier: MIT
#include "engine/azure/pool_check.hpp"

#include <doctest/doctest.h>

using namespace clusterless::engine;
namespace batch = clusterless::azure::batch;

namespace {

batch::pool_info pool_there() {
  batch::pool_info is;
  is.vm_size = "standard_e2s_v3";
  is.image = {"canonical", "ubuntu-24_04-lts", "server", "latest", {}};
  is.slots_per_node = 1;
  return is;
}

pool_wish same() {
  pool_wish wanted;
  wanted.vm_size = "Standard_E2s_v3";
  return wanted;
}

}  // namespace

TEST_CASE("a pool with what is wanted, or more, does not differ") {
  batch::pool_info is = pool_there();
  pool_wish wanted = same();
  CHECK(differences(is, wanted).empty());
  is.inter_node = is.containers = true;
  is.registries.push_back({"r.azurecr.io", "me", {}});
  CHECK(differences(is, wanted).empty());
  wanted.containers = true;
  wanted.registry = {"R.azurecr.io", "me", {}};
  wanted.image = {"Canonical", {}, "serv", {}, {}};
  CHECK(differences(is, wanted).empty());
}

TEST_CASE("each thing that differs is named with what it is and what was wanted") {
  pool_wish wanted;
  wanted.vm_size = "Standard_D64_v3";
  wanted.image.image_id = "/subscriptions/1/images/mine";
  wanted.inter_node = true;
  wanted.tasks_per_node = 4;
  wanted.containers = true;
  wanted.registry = {{}, "me", {}};
  wanted.start_command = "/bin/sh setup";
  CHECK(differences(pool_there(), wanted) ==
        "VM size is standard_e2s_v3, wanted standard_d64_v3; the image is canonical "
        "ubuntu-24_04-lts server, wanted /subscriptions/1/images/mine; inter-node communication is "
        "off, wanted on; the number of tasks on a node is 1, wanted 4; support for containers is "
        "off, wanted on; the container registry is none, wanted me at Docker Hub; the start task "
        "is none, wanted /bin/sh setup");
}
