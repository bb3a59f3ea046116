// SPDX-License-Identifier: MIT
#include "emulator/tokens.hpp"

#include <doctest/doctest.h>

#include "emulator/json.hpp"

using namespace clusterless::emulator;

namespace {

const account_keys keys{"acct", base64_encoded("secret")};
const ticks now = unix_epoch + 20'000 * one_day;
const token_desk desk(keys, "app", "hidden", one_minute);

http_answer ask(const std::string& path, const std::string& body) {
  http_request made;
  made.method = "POST";
  made.path = path;
  made.body = body;
  const auto answer = desk.answer(made, now);
  REQUIRE(answer);
  return *answer;
}

}  // namespace

TEST_CASE("a service principal with its secret gets a token that is accepted until it expires") {
  const std::string form = "grant_type=client_credentials&client_id=app&client_secret=hidden";
  for (const char* path : {"/tenant/oauth2/v2.0/token", "/adfs/oauth2/token"}) {
    const json body = json::parse(ask(path, form).body);
    CHECK(body["expires_in"] == 60);
    http_request request;
    request.headers["authorization"] = "Bearer " + text_of(body, "access_token");
    CHECK_NOTHROW(authenticate(request, keys, now));
    CHECK_THROWS(authenticate(request, keys, now + one_minute));
  }
}

TEST_CASE("wrong secrets and clients are refused in the words of the directory") {
  const auto said = [](const std::string& form) {
    return text_of(json::parse(ask("/t/oauth2/v2.0/token", form).body), "error");
  };
  CHECK(said("grant_type=client_credentials&client_id=app&client_secret=x") == "invalid_client");
  CHECK(said("grant_type=client_credentials&client_id=x") == "unauthorized_client");
  CHECK(said("grant_type=password") == "unsupported_grant_type");
}

TEST_CASE("a node's metadata service gives tokens to who sends its header") {
  http_request request;
  request.method = "GET";
  split_target("/metadata/identity/oauth2/token?resource=https%3A%2F%2Fbatch", request);
  CHECK(desk.answer(request, now)->status == 400);
  request.headers["metadata"] = "true";
  CHECK(json::parse(desk.answer(request, now)->body)["resource"] == "https://batch");
  request.path = "/pools";
  CHECK_FALSE(desk.answer(request, now));
}

TEST_CASE("clients find out where tokens are") {
  http_request request;
  request.method = "GET";
  request.tls = true;
  request.headers["host"] = "localhost:1";
  request.path = "/tenant/v2.0/.well-known/openid-configuration";
  CHECK(json::parse(desk.answer(request, now)->body)["token_endpoint"] ==
        "https://localhost:1/tenant/oauth2/v2.0/token");
  request.path = "/adfs/.well-known/openid-configuration";
  CHECK(json::parse(desk.answer(request, now)->body)["token_endpoint"] ==
        "https://localhost:1/adfs/oauth2/token");
}
