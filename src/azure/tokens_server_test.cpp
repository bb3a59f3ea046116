// SPDX-License-Identifier: MIT
// Tokens over the real transport and TLS, from a token service in a process of its own.
#include <doctest/doctest.h>

#include <cstdlib>

#include "azure/tokens.hpp"
#include "support/token_server.hpp"

using namespace clusterless;
using namespace clusterless::azure;

namespace {

principal somebody(const tests::token_server& server, const std::string& secret) {
  principal out;
  out.tenant = "tenant-1";
  out.client = "client-1";
  out.secret = core::secret(std::string(secret));
  out.authority = server.url();
  return out;
}

struct connection {
  connection(const tests::token_server& server, const std::string& secret,
             const std::string& certificate)
      : at(server.url()),
        over(make_curl_transport({.ca_file = certificate, .proxies_from_environment = false})),
        on(*over, machine_clock()),
        from(make_principal_tokens(on, somebody(server, secret))),
        by(on, *from, "https://batch.core.windows.net/"),
        calls(on, by, {.retry = {.attempts = 1}}) {}

  result<response> get(const std::string& path) {
    call what;
    what.what = "look";
    what.request.url = at + path;
    return wait_for<response>(on, [&](auto then) { calls.send(what, then); });
  }

  std::string at;
  std::unique_ptr<transport> over;
  loop on;
  std::unique_ptr<token_source> from;
  bearer_signer by;
  exchange calls;
};

}  // namespace

TEST_CASE("a principal gets in with its secret, and again after its token was revoked") {
  const auto server = tests::token_server::start();
  if (!server) return;
  connection to(*server, "s3cret", server->certificate());
  CHECK(to.get("/guarded"));
  CHECK(to.get("/expire"));
  CHECK(to.get("/guarded"));
}

TEST_CASE("a wrong secret is told as such, and not shown") {
  const auto server = tests::token_server::start();
  if (!server) return;
  connection to(*server, "hush", server->certificate());
  const auto got = to.get("/guarded");
  REQUIRE(!got);
  CHECK(got.error().is("AADSTS7000215"));
  CHECK(got.error().text().find("the secret of client client-1 is wrong") != std::string::npos);
  CHECK(got.error().text().find("hush") == std::string::npos);
}

TEST_CASE("a certificate that nobody vouches for is refused, unless the environment names it") {
  const auto server = tests::token_server::start();
  if (!server) return;
  {
    connection stranger(*server, "s3cret", {});
    const auto got = stranger.get("/guarded");
    REQUIRE(!got);
    CHECK(got.error().failed == failure::untrusted);
    CHECK(got.error().attempts == 1);
    CHECK(got.error().text().find("certificate") != std::string::npos);
  }
  ::setenv("CURL_CA_BUNDLE", server->certificate().c_str(), 1);
  connection known(*server, "s3cret", {});
  ::unsetenv("CURL_CA_BUNDLE");
  const auto got = known.get("/guarded");
  CHECK_MESSAGE(got, (got ? "" : got.error().text()));
}
