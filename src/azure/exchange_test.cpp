// SPDX-License-Identifier: MIT
#include "azure/exchange.hpp"

#include <doctest/doctest.h>

#include <set>

#include "azure/shared_key.hpp"
#include "support/fake_http.hpp"

using namespace clusterless;
using namespace clusterless::azure;

namespace {

struct scripted {
  tests::manual_clock clock;
  tests::fake_http http{clock};
  loop on{http, clock};
  no_signer nobody;
  exchange calls{on, nobody, {.retry = {}, .seed = 1}};

  result<response> send(call what) {
    return wait_for<response>(on, [&](auto then) { calls.send(std::move(what), std::move(then)); });
  }
};

call create_pool() {
  call out;
  out.what = "create pool p1";
  out.request.method = "POST";
  out.request.url = "https://acct/pools?sig=hush";
  out.done_already = {"PoolExists"};
  return out;
}

const char* const exists =
    R"({"odata.metadata":"m","code":"PoolExists","message":{"lang":"en-US",)"
    R"("value":"The specified pool already exists.\nRequestId:8d7f\nTime:2022-09-06T23:47:58.41Z"},)"
    R"("values":[{"key":"pool","value":"p1"}]})";

}  // namespace

TEST_CASE("a busy service is asked again after what it asked for, under the same request id") {
  scripted to;
  to.http.then(429, {}, {{"Retry-After", "3"}}).then_fails(failure::dropped).then(201);
  const std::int64_t begin = to.clock.steady_ms();
  CHECK(to.send(create_pool()));
  CHECK(to.http.seen.size() == 3);
  CHECK(to.clock.steady_ms() - begin >= 3000);
  std::set<std::string> ids;
  for (const request& one : to.http.seen)
    ids.insert(*one.find("client-request-id"));
  CHECK(ids.size() == 1);
}

TEST_CASE("what exists after a lost answer is our own, before it is somebody else's") {
  scripted lost;
  lost.http.then_fails(failure::dropped).then(409, exists);
  CHECK(lost.send(create_pool()));

  scripted busy;
  busy.http.then(429).then(409, exists);
  CHECK(!busy.send(create_pool()));

  scripted first;
  first.http.then(409, exists);
  const auto got = first.send(create_pool());
  REQUIRE(!got);
  CHECK(first.http.seen.size() == 1);
  CHECK(got.error().text() ==
        "cannot create pool p1: The specified pool already exists. (PoolExists, HTTP 409, request "
        "8d7f); pool: p1");
  CHECK(got.error().time == "2022-09-06T23:47:58.41Z");
  CHECK(got.error().url == "https://acct/pools?sig=***");
}

TEST_CASE("a service that stays away is given up with the number of tries") {
  scripted to;
  to.http.then(200);
  CHECK(to.send(create_pool()));
  for (int i = 0; i < 20; ++i)
    to.http.then_fails(failure::unreachable);
  const auto got = to.send(create_pool());
  REQUIRE(!got);
  CHECK(to.http.seen.size() == 9);
  CHECK(got.error().kind() == error_kind::busy);
  CHECK(got.error().text() ==
        "cannot create pool p1: acct could not be reached (as the script says); tried 8 times; "
        "check the address, the network and the proxy (http_proxy, https_proxy, no_proxy)");
}

TEST_CASE("an address where nobody has ever answered is given up early") {
  scripted to;
  for (int i = 0; i < 20; ++i)
    to.http.then_fails(failure::unreachable);
  const auto got = to.send(create_pool());
  REQUIRE(!got);
  CHECK(to.http.seen.size() == 4);
}

TEST_CASE("a call that may not be repeated is tried once") {
  scripted to;
  to.http.then(503).then(200);
  call once = create_pool();
  once.repeat = false;
  CHECK(!to.send(std::move(once)));
  CHECK(to.http.seen.size() == 1);
}

TEST_CASE("a refused signature is renewed once, and a wrong clock is named") {
  struct renewing final : signer {
    int renewals = 0;
    void prepare(std::function<void(std::optional<service_error>)> then) override { then({}); }
    void sign(request& what, std::int64_t) const override {
      what.set("Authorization", "Bearer token" + std::to_string(renewals));
    }
    bool renew() override { return ++renewals < 5; }
  } by;
  scripted to;
  exchange calls(to.on, by, {.seed = 1});
  const auto send = [&] {
    return wait_for<response>(to.on, [&](auto then) { calls.send(create_pool(), then); });
  };
  to.http.then(401).then(200);
  CHECK(send());
  CHECK(*to.http.seen[1].find("authorization") == "Bearer token1");
  to.http.then(401).then(401, {}, {{"Date", "Tue, 24 Nov 2026 01:02:44 GMT"}});
  const auto got = send();
  REQUIRE(!got);
  CHECK(got.error().hint ==
        "this machine's clock is 60 min behind the service's, which takes requests of at most 15 "
        "min; set the clock");
}

TEST_CASE("a signer that cannot sign ends the call with its reason") {
  struct failing final : signer {
    void prepare(std::function<void(std::optional<service_error>)> then) override {
      service_error why;
      why.what = "get a token";
      why.status = 400;
      why.code = "invalid_client";
      why.message = "The secret has expired.";
      then(std::move(why));
    }
    void sign(request&, std::int64_t) const override {}
    bool renew() override { return false; }
  } by;
  scripted to;
  exchange calls(to.on, by);
  const auto got = wait_for<response>(to.on, [&](auto then) { calls.send(create_pool(), then); });
  REQUIRE(!got);
  CHECK(to.http.seen.empty());
  CHECK(got.error().text() ==
        "cannot create pool p1 (get a token): The secret has expired. (invalid_client, HTTP 400)");
}

TEST_CASE("errors are read from JSON, XML, headers and from what is neither") {
  const auto read = [](int status, std::string body, std::vector<header> headers) {
    response from;
    from.status = status;
    from.body = std::move(body);
    from.headers = std::move(headers);
    return read_error(from, "do it", "https://h/x", 0);
  };
  const service_error xml =
      read(404,
           "\xef\xbb\xbf<?xml version=\"1.0\"?><Error><Code>BlobNotFound</Code><Message>The "
           "blob is not there.\nRequestId:1\nTime:2</Message></Error>",
           {});
  CHECK(xml.code == "BlobNotFound");
  CHECK(xml.message == "The blob is not there.");
  CHECK(xml.request_id == "1");
  CHECK(read(404, {}, {{"x-ms-error-code", "ContainerNotFound"}}).code == "ContainerNotFound");
  CHECK(read(400, "<html>bad</html>", {}).message == "<html>bad</html>");
  CHECK(read(400, R"({"error":{"code":"X","message":"m ?sig=abc"}})", {}).message == "m ?sig=***");
  CHECK(read(400, R"({"error":"invalid_client","error_description":"AADSTS1: no"})", {}).message ==
        "AADSTS1: no");
  CHECK(read(500, {}, {}).text() == "cannot do it: the service gave no reason (HTTP 500)");
}
