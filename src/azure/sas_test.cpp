// SPDX-License-Identifier: MIT
#include "azure/sas.hpp"

#include <doctest/doctest.h>

#include <clusterless/error.hpp>
#include <nlohmann/json.hpp>

#include "azure/text.hpp"
#include "support/data_file.hpp"

using namespace clusterless;
using namespace clusterless::azure;
using nlohmann::json;

TEST_CASE("service SAS are those that Azurite accepts") {
  const json all = json::parse(tests::data_file("shared_key_vectors.json"));
  const std::string account = all["blob"]["account"];
  const core::secret key(all["blob"]["key_base64"].get<std::string>());
  REQUIRE(all["sas"]["vectors"].size() == 2);
  for (const json& vector : all["sas"]["vectors"]) {
    const query expected = parse_query(std::string(vector["query"]));
    sas_request wanted;
    wanted.container = "vec2";
    wanted.https_only = false;
    for (const auto& [name, value] : expected) {
      if (name == "sr" && value == "b") wanted.blob = "a b.txt";
      if (name == "sp") wanted.permissions = value;
      if (name == "se") wanted.expiry_s = parse_iso_time(value).value() / 1000;
    }
    CHECK(service_sas_text(account, wanted) == vector["string_to_sign"]);
    CHECK(service_sas(account, key, wanted) == vector["query"]);
  }
}

TEST_CASE("a SAS is for https, with a start, unless it is told otherwise") {
  const core::secret key(std::string("a2V5"));
  const std::string made = service_sas(
      "acct", key,
      {.container = "c", .permissions = "lr", .start_s = 1795478564, .expiry_s = 1795482164});
  CHECK(
      made.starts_with("sv=2021-12-02&st=2026-11-24T00%3A02%3A44Z&se=2026-11-24T01%3A02%3A44Z"
                       "&sr=c&sp=rl&spr=https&sig="));
}

TEST_CASE("a SAS that grants nothing, the unknown or no time is refused") {
  const core::secret key(std::string("a2V5"));
  CHECK_THROWS_AS(service_sas("a", key, {.container = "c", .expiry_s = 10}), error);
  CHECK_THROWS_AS(service_sas("a", key, {.container = "c", .permissions = "rz", .expiry_s = 10}),
                  error);
  CHECK_THROWS_WITH_AS(
      service_sas("a", key, {.container = "c", .permissions = "r", .start_s = 10, .expiry_s = 10}),
      "a SAS for c would expire before it starts; give it a later expiry", error);
}
