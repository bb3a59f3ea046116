// SPDX-License-Identifier: MIT
#include "emulator/auth.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "emulator/json.hpp"
#include "emulator/service_error.hpp"

using namespace clusterless::emulator;

namespace {

json vectors() {
  const auto room = std::filesystem::path(__FILE__).parent_path();
  std::ifstream in(room / "../../tests/support/data/sharedkey_vectors.json");
  return json::parse(in)["batch"];
}

http_request request_of(const json& vector) {
  http_request made;
  made.method = vector["method"].get<std::string>();
  split_target(vector["path"].get<std::string>() + '?' + vector["query"].get<std::string>(), made);
  for (const auto& [name, value] : vector["headers"].items())
    made.headers[name] = value.get<std::string>();
  made.headers["authorization"] = vector["authorization"].get<std::string>();
  return made;
}

std::string refused(const http_request& request, const account_keys& keys, ticks now) {
  try {
    authenticate(request, keys, now);
  } catch (const service_error& caught) {
    return caught.code();
  }
  return {};
}

}  // namespace

TEST_CASE("signatures made by real clients are right, and only on time and untouched") {
  const json all = vectors();
  const account_keys keys{all["account"].get<std::string>(), all["key_base64"].get<std::string>()};
  REQUIRE(all["vectors"].size() == 6);
  for (const json& each : all["vectors"]) {
    CAPTURE(each.dump());
    http_request request = request_of(each);
    CHECK(string_to_sign(request, keys.name) == each["string_to_sign"].get<std::string>());
    const ticks at = *parse_http_date(request.header("ocp-date"));
    CHECK(refused(request, keys, at) == "");
    CHECK(refused(request, keys, at + 14 * one_minute) == "");
    CHECK(refused(request, keys, at + 16 * one_minute) == "AuthenticationFailed");
    CHECK(refused(request, keys, at - 16 * one_minute) == "AuthenticationFailed");
    request.query["maxresults"] = "7";
    CHECK(refused(request, keys, at) == "AuthenticationFailed");
  }
}

TEST_CASE("a request without a usable authorization is malformed") {
  http_request request;
  const account_keys keys{"acct1", base64_encoded("secret")};
  CHECK(refused(request, keys, unix_epoch) == "InvalidAuthenticationInfo");
  request.headers["authorization"] = "Basic abc";
  CHECK(refused(request, keys, unix_epoch) == "InvalidAuthenticationInfo");
  request.headers["authorization"] = "Bearer abc";
  CHECK(refused(request, keys, unix_epoch) == "InvalidAuthenticationInfo");
}

TEST_CASE("a token is good until it expires, and only from here") {
  const account_keys keys{"acct1", base64_encoded("secret")};
  const ticks now = unix_epoch + 1000 * one_day;
  http_request request;
  request.headers["authorization"] = "Bearer " + issue_token(keys, "t", "app", now, one_minute);
  CHECK(refused(request, keys, now) == "");
  CHECK(refused(request, keys, now + one_minute) == "AuthenticationFailed");
  CHECK(refused(request, {"acct1", base64_encoded("other")}, now) == "AuthenticationFailed");
}

TEST_CASE("base64 is read back, and other texts are not base64") {
  for (const std::string bytes : {"", "a", "ab", "abc", "abcd"}) {
    std::string back;
    CHECK(base64_decoded(base64_encoded(bytes), back));
    CHECK(back == bytes);
  }
  std::string back;
  CHECK_FALSE(base64_decoded("a", back));
  CHECK_FALSE(base64_decoded("????", back));
}
