// SPDX-License-Identifier: MIT
#include "engine/azure/image_choice.hpp"

#include <doctest/doctest.h>

#include <clusterless/error.hpp>

using namespace clusterless;
using engine::choose_image;

namespace {

constexpr std::int64_t now_ms = 1'800'000'000'000;
constexpr std::int64_t day_ms = 24ll * 3600 * 1000;

azure::batch::image_support image(const std::string& publisher, const std::string& offer,
                                  const std::string& sku, const std::string& agent) {
  azure::batch::image_support made;
  made.image = {publisher, offer, sku, "latest", ""};
  made.node_agent = agent;
  made.os = "linux";
  made.verified = true;
  return made;
}

std::vector<azure::batch::image_support> service() {
  auto all = std::vector{
      image("canonical", "0001-com-ubuntu-server-jammy", "22_04-lts", "batch.node.ubuntu 22.04"),
      image("microsoft-dsvm", "ubuntu-hpc", "2404", "batch.node.ubuntu 24.04"),
      image("canonical", "ubuntu-24_04-lts", "server", "batch.node.ubuntu 24.04"),
      image("debian", "debian-12", "12-gen2", "batch.node.debian 12"),
      image("canonical", "ubuntu-26_04-lts", "server-arm64", "batch.node.ubuntu 26.04"),
      image("canonical", "ubuntu-25_10", "server", "batch.node.ubuntu 25.10"),
      image("canonical", "ubuntuserver", "18.04-lts", "batch.node.ubuntu 18.04")};
  all[1].abilities = {"DockerCompatible"};
  all[5].verified = false;
  all[6].end_of_support_ms = now_ms - day_ms;
  return all;
}

}  // namespace

TEST_CASE("without a wish it is the newest plain Ubuntu that the service vouches for") {
  const auto chosen = choose_image(service(), {}, now_ms);

  CHECK(chosen.image.image.offer == "ubuntu-24_04-lts");
  CHECK(chosen.note.empty());
}

TEST_CASE("a wish is met whatever its case, and by the start of the SKU") {
  const auto chosen = choose_image(service(), {"Debian", "debian-12", "12", false}, now_ms);

  CHECK(chosen.image.image.sku == "12-gen2");
  CHECK(chosen.note.empty());
}

TEST_CASE("an image that is out of support is replaced, and that is told") {
  const auto chosen =
      choose_image(service(), {"Canonical", "UbuntuServer", "18.04", false}, now_ms);

  CHECK(chosen.image.image.offer == "ubuntu-24_04-lts");
  CHECK(chosen.note.find("Canonical UbuntuServer 18.04") != std::string::npos);
  CHECK(chosen.note.find("ubuntu-24_04-lts") != std::string::npos);
}

TEST_CASE("support that ends within 30 days is as good as none") {
  auto all = service();
  all[2].end_of_support_ms = now_ms + 29 * day_ms;
  CHECK(choose_image(all, {}, now_ms).image.image.offer == "ubuntu-hpc");
  all[2].end_of_support_ms = now_ms + 31 * day_ms;
  CHECK(choose_image(all, {}, now_ms).image.image.offer == "ubuntu-24_04-lts");
}

TEST_CASE("containers need an image that runs them") {
  CHECK(choose_image(service(), {"", "", "", true}, now_ms).image.image.offer == "ubuntu-hpc");
  CHECK_THROWS_AS(choose_image({image("debian", "debian-12", "12", "batch.node.debian 12")},
                               {"", "", "", true}, now_ms),
                  error);
}

TEST_CASE("Debian comes after Ubuntu, and anything before nothing") {
  const auto debian = image("debian", "debian-12", "12", "batch.node.debian 12");
  CHECK(choose_image({debian}, {}, now_ms).image.image.publisher == "debian");
  CHECK_THROWS_AS(choose_image({}, {}, now_ms), error);
}
