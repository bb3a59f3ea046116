// SPDX-License-Identifier: MIT
// The real transport, against servers on loopback that behave and that do not.
#include <doctest/doctest.h>

#include <cstdlib>
#include <thread>

#include "azure/exchange.hpp"
#include "azure/shared_key.hpp"
#include "support/raw_server.hpp"

using namespace clusterless;
using namespace clusterless::azure;
using tests::http_answer;
using tests::raw_answer;
using tests::raw_server;

namespace {

struct connection {
  explicit connection(const transport_options& options = {.proxies_from_environment = false})
      : over(make_curl_transport(options)) {}

  response send(request what) {
    std::optional<response> got;
    over->submit(std::move(what), [&](response&& one) { got = std::move(one); });
    while (!got)
      over->poll(1000);
    return std::move(*got);
  }
  std::unique_ptr<transport> over;
};

request get(const std::string& url) {
  request out;
  out.url = url;
  return out;
}

request with_body(const char* method, const std::string& url, std::string body) {
  request out;
  out.method = method;
  out.url = url;
  out.body = std::move(body);
  return out;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class variable {
 public:
  variable(const char* name, const std::string& value) : name_(name) {
    ::setenv(name, value.c_str(), 1);
  }
  ~variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

}  // namespace

TEST_CASE(
    "requests go out as they are signed: no Expect, no form type, lengths where they belong") {
  raw_server server([](const std::string& what) -> raw_answer {
    return {http_answer(what.starts_with("HEAD") ? 200 : 201, "", "X-A:  b \r\nX-Empty:\r\n")};
  });
  connection to;
  request put = with_body("PUT", server.url() + "/a%20b/..%2Fc?x=%27", "content");
  put.headers = {{"X-Mine", "1"}, {"X-None", ""}};
  const response got = to.send(put);
  CHECK(got.status == 201);
  CHECK(got.value_of("x-a") == "b");
  CHECK(got.find("x-empty") != nullptr);
  to.send(with_body("POST", server.url() + "/p", ""));
  to.send(with_body("DELETE", server.url() + "/d", ""));
  to.send(with_body("HEAD", server.url() + "/h", ""));

  const auto seen = server.requests();
  REQUIRE(seen.size() == 4);
  CHECK(seen[0].starts_with("PUT /a%20b/..%2Fc?x=%27 HTTP/1.1\r\n"));
  CHECK(has(seen[0], "\r\nContent-Length: 7\r\n"));
  CHECK(has(seen[0], "\r\nX-Mine: 1\r\n"));
  CHECK(has(seen[0], "\r\nX-None:"));
  CHECK(has(seen[0], "\r\nUser-Agent: clusterless/"));
  CHECK(seen[0].ends_with("\r\n\r\ncontent"));
  CHECK(has(seen[1], "\r\nContent-Length: 0\r\n"));
  CHECK(!has(seen[2], "Content-Length"));
  CHECK(seen[3].starts_with("HEAD /h "));
  for (const std::string& one : seen) {
    CHECK(!has(one, "Expect:"));
    CHECK(!has(one, "Content-Type:"));
  }
  CHECK(server.connections() == 1);
}

TEST_CASE("a body goes into the memory given for it, an error's body does not") {
  raw_server server([](const std::string& what) -> raw_answer {
    if (has(what, "/bad")) return {http_answer(404, "not here")};
    return {http_answer(200, "0123456789")};
  });
  connection to;
  std::string memory(10, '.');
  request what = get(server.url() + "/good");
  what.into = std::as_writable_bytes(std::span(memory));
  const response good = to.send(what);
  CHECK(memory == "0123456789");
  CHECK(good.received == 10);
  CHECK(good.body.empty());
  what.url = server.url() + "/bad";
  CHECK(to.send(what).body == "not here");
  CHECK(memory == "0123456789");

  std::string small(9, '.');
  what.url = server.url() + "/good";
  what.into = std::as_writable_bytes(std::span(small));
  CHECK(to.send(what).failed == failure::too_large);
  request limited = get(server.url() + "/good");
  limited.max_body = 5;
  CHECK(to.send(limited).failed == failure::too_large);
}

TEST_CASE("many requests are under way at once, over few connections that are kept") {
  raw_server server([](const std::string&) -> raw_answer { return {http_answer(200, "x")}; });
  connection to({.connections = 4, .proxies_from_environment = false});
  int ended = 0;
  for (int i = 0; i < 100; ++i)
    to.over->submit(get(server.url() + "/" + std::to_string(i)),
                    [&](response&& got) { ended += got.good() ? 1 : 0; });
  CHECK(to.over->under_way() == 100);
  while (to.over->under_way() > 0)
    to.over->poll(1000);
  CHECK(ended == 100);
  CHECK(server.connections() <= 4);
}

TEST_CASE("servers that cut off, stay silent or are not there are told apart") {
  raw_server server([](const std::string& what) -> raw_answer {
    if (has(what, "/short")) return {http_answer(200, "all of it").substr(0, 45), true};
    if (has(what, "/nothing")) return {"", true};
    return {.silent = true};
  });
  connection to;
  CHECK(to.send(get(server.url() + "/nothing")).failed == failure::dropped);
  CHECK(to.send(get(server.url() + "/short")).failed == failure::dropped);
  request slow = get(server.url() + "/silent");
  slow.total_limit_ms = 100;
  const response late = to.send(slow);
  CHECK(late.failed == failure::timed_out);
  CHECK(late.status == 0);
  CHECK(to.send(get("http://127.0.0.1:1/")).failed == failure::unreachable);
  CHECK(to.send(get("http://no-such-host.invalid/")).failed == failure::unreachable);
  request plain = get("https://127.0.0.1:" + std::to_string(server.port()) + "/");
  plain.connect_limit_ms = 100;
  CHECK(to.send(plain).failed == failure::timed_out);
  CHECK(to.send(get("gopher://127.0.0.1/")).failed == failure::refused);
}

TEST_CASE("a request over a fresh connection is not sent again unasked") {
  raw_server server([n = 0](const std::string&) mutable -> raw_answer {
    return ++n == 1 ? raw_answer{http_answer(200, "")} : raw_answer{"", true};
  });
  connection to;
  CHECK(to.send(get(server.url())).good());
  request create = with_body("POST", server.url() + "/pools", "{}");
  create.fresh_connection = true;
  CHECK(to.send(create).failed == failure::dropped);
  CHECK(server.requests().size() == 2);
}

TEST_CASE("proxies come from the environment, and some addresses never use them") {
  raw_server proxy([](const std::string&) -> raw_answer { return {http_answer(200, "proxied")}; });
  const variable setting("http_proxy", proxy.url());
  connection to(transport_options{});
  CHECK(to.send(get("http://storage.invalid/x")).body == "proxied");
  CHECK(proxy.requests().at(0).starts_with("GET http://storage.invalid/x HTTP/1.1"));
  request direct = get("http://127.0.0.1:1/");
  direct.direct = true;
  CHECK(to.send(direct).failed == failure::unreachable);
  const variable exception("no_proxy", "127.0.0.1");
  connection past(transport_options{});
  CHECK(past.send(get("http://127.0.0.1:1/")).failed == failure::unreachable);
}

TEST_CASE("a wait ends when somebody wakes it") {
  connection to;
  std::thread other([&] { to.over->wake(); });
  to.over->poll(3'600'000);
  other.join();
}

TEST_CASE("a transport may end while requests are under way") {
  raw_server server([](const std::string&) -> raw_answer { return {.silent = true}; });
  bool called = false;
  {
    connection to;
    to.over->submit(get(server.url()), [&](response&&) { called = true; });
    to.over->poll(0);
  }
  CHECK(!called);
}

TEST_CASE("a service that drops and throttles is asked until it answers") {
  raw_server server([n = 0](const std::string&) mutable -> raw_answer {
    ++n;
    if (n == 1) return {"", true};
    if (n == 2) return {http_answer(503, "", "Retry-After: 0\r\n")};
    return {http_answer(200, "at last")};
  });
  connection to;
  loop on(*to.over, machine_clock());
  no_signer nobody;
  exchange calls(on, nobody, {.retry = {.first_ms = 2}});
  call what;
  what.request = get(server.url() + "/x");
  what.request.fresh_connection = true;
  const auto got =
      wait_for<response>(on, [&](auto then) { calls.send(std::move(what), std::move(then)); });
  CHECK(got.value().body == "at last");
}
