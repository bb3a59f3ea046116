// SPDX-License-Identifier: MIT
#include "azure/tokens.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

#include "support/fake_http.hpp"

using namespace clusterless;
using namespace clusterless::azure;

namespace {

const char* const batch = "https://batch.core.windows.net/";

principal somebody() {
  principal out;
  out.tenant = "tenant-1";
  out.client = "client-1";
  out.secret = core::secret(std::string("s&cret"));
  return out;
}

std::string token_body(const std::string& text, int lasts = 3600) {
  return R"({"token_type":"Bearer","expires_in":)" + std::to_string(lasts) +
         R"(,"access_token":")" + text + "\"}";
}

struct scripted {
  tests::manual_clock clock;
  tests::fake_http http{clock};
  loop on{http, clock};
  std::unique_ptr<token_source> from = make_principal_tokens(on, somebody());
  bearer_signer by{on, *from, batch};
  exchange calls{on, by, {.seed = 1}};

  result<response> send() {
    call what;
    what.what = "list pools";
    what.request.url = "https://acct/pools";
    return wait_for<response>(on, [&](auto then) { calls.send(what, then); });
  }
};

class variable {
 public:
  variable(const char* name, const char* value) : name_(name) {
    value != nullptr ? ::setenv(name, value, 1) : ::unsetenv(name);
  }
  ~variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

}  // namespace

TEST_CASE("a principal's token is asked for once and put into every request") {
  scripted to;
  to.http.then(200, token_body("tok1")).then(200).then(200);
  CHECK(to.send());
  CHECK(to.send());
  REQUIRE(to.http.seen.size() == 3);
  CHECK(to.http.seen[0].url == "https://login.microsoftonline.com/tenant-1/oauth2/v2.0/token");
  CHECK(to.http.seen[0].body ==
        "grant_type=client_credentials&client_id=client-1&client_secret=s%26cret"
        "&scope=https%3A%2F%2Fbatch.core.windows.net%2F%2F.default");
  for (const std::size_t i : {1u, 2u})
    CHECK(*to.http.seen[i].find("authorization") == "Bearer tok1");
}

TEST_CASE("calls that wait for a token share one request for it") {
  scripted to;
  to.http.then(200, token_body("tok1")).then(200).then(200).then(200);
  int ended = 0;
  for (int i = 0; i < 3; ++i) {
    call what;
    what.request.url = "https://acct/pools";
    to.calls.send(what, [&](result<response> got) { ended += got ? 1 : 0; });
  }
  while (ended < 3)
    to.on.poll(1000);
  CHECK(to.http.seen.size() == 4);
}

TEST_CASE("a token is renewed at four fifths of its life, while the old one still serves") {
  scripted to;
  to.http.then(200, token_body("tok1", 1000)).then(200);
  CHECK(to.send());
  to.clock.turn(790'000);
  to.http.then(200);
  CHECK(to.send());
  CHECK(to.http.seen.size() == 3);
  to.clock.turn(20'000);
  to.http.then(200, token_body("tok2", 1000)).then(200).then(200);
  CHECK(to.send());
  CHECK(*to.http.seen.back().find("authorization") == "Bearer tok1");
  CHECK(to.send());
  CHECK(*to.http.seen.back().find("authorization") == "Bearer tok2");
}

TEST_CASE("a token that the service refuses is replaced once") {
  scripted to;
  to.http.then(200, token_body("tok1")).then(401).then(200, token_body("tok2")).then(200);
  CHECK(to.send());
  CHECK(*to.http.seen.back().find("authorization") == "Bearer tok2");
}

TEST_CASE("refusals of the token service name what is wrong and what to do") {
  const std::pair<const char*, const char*> known[] = {
      {"AADSTS7000222", "the secret of client client-1 has expired"},
      {"AADSTS7000215", "the secret of client client-1 is wrong"},
      {"AADSTS700016", "tenant tenant-1 has no client client-1"},
      {"AADSTS90002", "there is no tenant tenant-1"},
      {"AADSTS99999", "check tenant, client and secret"}};
  for (const auto& [code, says] : known) {
    scripted to;
    to.http.then(400, R"({"error":"invalid_client","error_description":")" + std::string(code) +
                          R"(: It is so. Trace ID: 1\r\nTimestamp: 2"})");
    const auto got = to.send();
    REQUIRE(!got);
    CHECK(got.error().code == code);
    const std::string text = got.error().text();
    CHECK(text.find("cannot list pools (get a token for client client-1 of tenant tenant-1)") == 0);
    CHECK(text.find(says) != std::string::npos);
    CHECK(text.find("s&cret") == std::string::npos);
    CHECK(text.find("s%26cret") == std::string::npos);
  }
}

TEST_CASE("the older form asks by resource, and AD FS has no tenant in its address") {
  tests::manual_clock clock;
  tests::fake_http http(clock);
  loop on(http, clock);
  principal old = somebody();
  old.v1 = true;
  const auto first = make_principal_tokens(on, std::move(old));
  principal adfs = somebody();
  adfs.authority = "https://localhost:8443/adfs/";
  const auto second = make_principal_tokens(on, std::move(adfs));
  http.then(200, R"({"access_token":"t","expires_on":"1795480000"})").then(200, token_body("t"));
  const auto got = wait_for<token>(on, [&](auto then) { first->fetch(batch, then); });
  CHECK(got->expires_s == 1795480000);
  CHECK(wait_for<token>(on, [&](auto then) { second->fetch(batch, then); }));
  CHECK(http.seen[0].url == "https://login.microsoftonline.com/tenant-1/oauth2/token");
  CHECK(http.seen[0].body.ends_with("&resource=https%3A%2F%2Fbatch.core.windows.net%2F"));
  CHECK(http.seen[1].url == "https://localhost:8443/adfs/oauth2/token");
}

TEST_CASE("a machine's identity is asked at its metadata service or at the given endpoint") {
  tests::manual_clock clock;
  tests::fake_http http(clock);
  loop on(http, clock);
  http.then(200, R"({"access_token":"t","expires_in":"100"})").then(200, token_body("t"));
  const auto machine = make_identity_tokens(on);
  CHECK(wait_for<token>(on, [&](auto then) { machine->fetch(batch, then); }));
  CHECK(*http.seen[0].find("metadata") == "true");
  CHECK(http.seen[0].direct);
  CHECK(http.seen[0].url ==
        "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01"
        "&resource=https%3A%2F%2Fbatch.core.windows.net%2F");

  const variable endpoint("IDENTITY_ENDPOINT", "http://localhost:1/token"),
      header("IDENTITY_HEADER", "hush"), client("AZURE_CLIENT_ID", "id-1");
  const auto app = make_identity_tokens(on, identity_from_environment());
  CHECK(wait_for<token>(on, [&](auto then) { app->fetch(batch, then); }));
  CHECK(*http.seen[1].find("x-identity-header") == "hush");
  CHECK(http.seen[1].url.starts_with("http://localhost:1/token?api-version=2019-08-01"));
  CHECK(http.seen[1].url.ends_with("&client_id=id-1"));
}

TEST_CASE("the environment names a principal whole or not at all") {
  const variable a("AZURE_TENANT_ID", nullptr), b("AZURE_CLIENT_ID", nullptr),
      c("AZURE_CLIENT_SECRET", nullptr), d("AZURE_AUTHORITY_HOST", nullptr);
  CHECK(!principal_from_environment());
  const variable client("AZURE_CLIENT_ID", "c");
  CHECK(!principal_from_environment());
  const variable tenant("AZURE_TENANT_ID", "t");
  CHECK_THROWS_WITH_AS(principal_from_environment(),
                       "the environment names a service principal in part: AZURE_CLIENT_SECRET is "
                       "not set; set all three or none",
                       error);
  const variable secret("AZURE_CLIENT_SECRET", "s"), host("AZURE_AUTHORITY_HOST", "login.x");
  CHECK(principal_from_environment()->authority == "https://login.x");
}

TEST_CASE("a given token is used as it is") {
  tests::manual_clock clock;
  tests::fake_http http(clock);
  loop on(http, clock);
  const auto from = make_given_token(core::secret(std::string("fixed")));
  bearer_signer by(on, *from, batch);
  exchange calls(on, by);
  http.then(200);
  call what;
  what.request.url = "https://acct/pools";
  CHECK(wait_for<response>(on, [&](auto then) { calls.send(what, then); }));
  CHECK(*http.seen[0].find("authorization") == "Bearer fixed");
}
