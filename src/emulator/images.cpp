// SPDX-License-Identifier: MIT
#include "emulator/images.hpp"

#include <string_view>

namespace clusterless::emulator {

namespace {

json image(const char* publisher, const char* offer, const char* sku, const char* agent,
           const char* verified, const char* end_of_life, bool second_generation) {
  json made{{"nodeAgentSKUId", agent},
            {"imageReference",
             {{"publisher", publisher}, {"offer", offer}, {"sku", sku}, {"version", "latest"}}},
            {"osType", "linux"}};
  if (second_generation) made["capabilities"] = json::array({"Generation2VMImage"});
  if (std::string_view(offer) == "ubuntu-hpc") made["capabilities"].push_back("DockerCompatible");
  if (end_of_life != nullptr) made["batchSupportEndOfLife"] = end_of_life;
  made["verificationType"] = verified;
  return made;
}

}  // namespace

const json& known_images() {
  static const json all = json::array({
      image("canonical", "ubuntuserver", "18.04-lts", "batch.node.ubuntu 18.04", "verified",
            "2023-05-30T00:00:00Z", false),
      image("canonical", "0001-com-ubuntu-server-focal", "20_04-lts", "batch.node.ubuntu 20.04",
            "verified", "2025-04-22T00:00:00Z", false),
      image("canonical", "0001-com-ubuntu-server-focal", "20_04-lts-gen2",
            "batch.node.ubuntu 20.04", "verified", "2025-04-22T00:00:00Z", true),
      image("canonical", "0001-com-ubuntu-server-jammy", "22_04-lts", "batch.node.ubuntu 22.04",
            "verified", "2027-06-30T00:00:00Z", false),
      image("canonical", "0001-com-ubuntu-server-jammy", "22_04-lts-gen2",
            "batch.node.ubuntu 22.04", "unverified", "2027-06-30T00:00:00Z", true),
      image("canonical", "ubuntu-24_04-lts", "server", "batch.node.ubuntu 24.04", "verified",
            nullptr, true),
      image("microsoft-dsvm", "ubuntu-hpc", "2204", "batch.node.ubuntu 22.04", "verified",
            "2027-06-30T00:00:00Z", true),
      image("microsoft-dsvm", "ubuntu-hpc", "2404", "batch.node.ubuntu 24.04", "verified", nullptr,
            true),
      image("debian", "debian-12", "12-gen2", "batch.node.debian 12", "verified", nullptr, true),
      image("almalinux", "almalinux", "8_4", "batch.node.el 8", "unverified", nullptr, false),
      image("almalinux", "almalinux-x86_64", "9-gen2", "batch.node.el 9", "verified", nullptr,
            true),
  });
  return all;
}

}  // namespace clusterless::emulator
