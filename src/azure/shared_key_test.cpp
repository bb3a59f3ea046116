// SPDX-License-Identifier: MIT
// Against signatures that Microsoft's own clients made, and that Azurite accepts.
#include "azure/shared_key.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "azure/text.hpp"
#include "support/data_file.hpp"

using namespace clusterless;
using namespace clusterless::azure;
using nlohmann::json;

namespace {

request request_of(const json& vector, const query& parts) {
  request out;
  out.method = vector["method"];
  out.url = "https://host" + percent_encoded(std::string(vector["path"]), "/%") + to_text(parts);
  for (const auto& [name, value] : vector["headers"].items())
    if (!same_word(name, "authorization")) out.headers.push_back({name, value});
  return out;
}

std::string signature_with(service of, const json& account, request what) {
  const std::string name = account["account"];
  const core::secret key(account["key_base64"].get<std::string>());
  const shared_key_signer signer(of, name, key);
  const std::string* date = what.find(of == service::batch ? "ocp-date" : "x-ms-date");
  REQUIRE(date != nullptr);
  signer.sign(what, parse_http_date(*date).value());
  return *what.find("authorization");
}

}  // namespace

TEST_CASE("Batch requests are signed as azure-cli and the python and node clients sign them") {
  const json all = json::parse(tests::data_file("shared_key_vectors.json"))["batch"];
  REQUIRE(all["vectors"].size() >= 6);
  for (const json& vector : all["vectors"]) {
    const request what = request_of(vector, parse_query(std::string(vector["query"])));
    CHECK(string_to_sign(service::batch, all["account"], what) == vector["string_to_sign"]);
    CHECK(signature_with(service::batch, all, what) == vector["authorization"]);
  }
}

TEST_CASE("Blob requests are signed as Azurite accepts them") {
  const json all = json::parse(tests::data_file("shared_key_vectors.json"))["blob"];
  REQUIRE(all["vectors"].size() >= 5);
  for (const json& vector : all["vectors"]) {
    query parts;
    for (const auto& [name, value] : vector["query"].items())
      parts.emplace_back(name, value);
    const request what = request_of(vector, parts);
    CHECK(string_to_sign(service::blob, all["account"], what) == vector["string_to_sign"]);
    CHECK(signature_with(service::blob, all, what) == vector["headers"]["Authorization"]);
  }
}

TEST_CASE("an empty body counts as 0 for Batch and as nothing for Blob") {
  request what;
  what.method = "POST";
  what.url = "https://host/x";
  CHECK(string_to_sign(service::batch, "a", what).starts_with("POST\n\n\n0\n"));
  CHECK(string_to_sign(service::blob, "a", what).starts_with("POST\n\n\n\n"));
  what.method = "GET";
  CHECK(string_to_sign(service::batch, "a", what).starts_with("GET\n\n\n\n"));
}

TEST_CASE("several values of a query are sorted and joined") {
  request what;
  what.url = "https://h/c?Include=metadata&include=copy&a=1";
  CHECK(string_to_sign(service::blob, "x", what).ends_with("/x/c\na:1\ninclude:copy,metadata"));
}

TEST_CASE("a key that is not base64 is refused without being shown") {
  const core::secret key(std::string("not a key"));
  CHECK_THROWS_WITH_AS(shared_key_signer(service::batch, "acct", key),
                       "the key of account acct is not base64; copy it whole, with its =", error);
}
