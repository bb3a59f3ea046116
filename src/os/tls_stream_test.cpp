// SPDX-License-Identifier: MIT
#include "os/tls_stream.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include <clusterless/error.hpp>

#include "os/tcp.hpp"

using namespace clusterless::os;

namespace {

struct pair_of_streams {
  std::optional<tls_stream> here;
  std::optional<tls_stream> there;

  pair_of_streams(const std::string& name_here, const link_key& key_here,
                  const std::string& name_there, const link_key& key_there) {
    const listener at = listen_on("127.0.0.1", 0);
    unique_fd calling = begin_connect("127.0.0.1", at.port);
    unique_fd taken;
    while (!taken)
      taken = accept_from(at);
    while (!connected(calling))
      continue;
    here.emplace(std::move(calling), tls_stream::end::connects, name_here, key_here);
    there.emplace(std::move(taken), tls_stream::end::accepts, name_there, key_there);
  }
  /// Both ends go on until neither is in the handshake any more.
  void shake_hands() {
    using state = tls_stream::state;
    while (here->now() == state::handshaking || there->now() == state::handshaking) {
      here->advance();
      there->advance();
      // TLS 1.3 clients are done first: they learn of a refusal when they read.
      if (there->now() == state::failed) {
        std::byte none[1];
        while (here->now() == state::open)
          here->read(none);
      }
    }
  }
};

std::vector<std::byte> bytes(std::size_t n) {
  std::vector<std::byte> all(n);
  for (std::size_t i = 0; i < n; ++i)
    all[i] = static_cast<std::byte>(i * 7 + i / 251);
  return all;
}

}  // namespace

TEST_CASE("two ends with the same key talk, also more than a socket holds") {
  const link_key key = make_link_key();
  pair_of_streams both("task-1", key, "task-1", key);
  both.shake_hands();
  REQUIRE(both.here->now() == tls_stream::state::open);
  REQUIRE(both.there->now() == tls_stream::state::open);

  const auto sent = bytes(5'000'000);
  std::vector<std::byte> got(sent.size());
  std::size_t out = 0, in = 0;
  while (in < sent.size()) {
    out += both.here->write(std::span(sent).subspan(out));
    in += both.there->read(std::span(got).subspan(in));
    REQUIRE(both.there->now() == tls_stream::state::open);
  }

  CHECK(got == sent);
}

TEST_CASE("an end with another key, or for another task, gets nowhere") {
  const link_key key = make_link_key();
  SUBCASE("key") {
    pair_of_streams both("task-1", key, "task-1", make_link_key());
    both.shake_hands();
    CHECK(both.there->now() == tls_stream::state::failed);
    CHECK(both.here->now() != tls_stream::state::open);
  }
  SUBCASE("task") {
    pair_of_streams both("task-1", key, "task-2", key);
    both.shake_hands();
    CHECK(both.there->now() == tls_stream::state::failed);
    CHECK(both.here->now() != tls_stream::state::open);
  }
}

TEST_CASE("an end that hears something else than TLS fails, and one left alone is closed") {
  const link_key key = make_link_key();
  const listener at = listen_on("127.0.0.1", 0);
  const unique_fd calling = begin_connect("127.0.0.1", at.port);
  unique_fd taken;
  while (!taken)
    taken = accept_from(at);
  tls_stream there(std::move(taken), tls_stream::end::accepts, "task-1", key);

  SUBCASE("noise") {
    const char noise[] = "GET / HTTP/1.1\r\nHost: me\r\n\r\n";
    REQUIRE(::write(calling.get(), noise, sizeof noise) > 0);
    while (there.advance() == tls_stream::state::handshaking)
      continue;
    CHECK(there.now() == tls_stream::state::failed);
    CHECK_FALSE(there.why().empty());
  }
  SUBCASE("silence") {
    REQUIRE(::shutdown(calling.get(), 2) == 0);
    while (there.advance() == tls_stream::state::handshaking)
      continue;
    CHECK(there.now() == tls_stream::state::closed);
  }
}

TEST_CASE("a port that is taken is passed over, and a host that is not known is named") {
  const listener first = listen_on("127.0.0.1", 0);

  const listener second = listen_on("127.0.0.1", first.port, 8);

  CHECK(second.port > first.port);
  CHECK_THROWS_WITH_AS(begin_connect("no-such-host.invalid", 1),
                       doctest::Contains("no-such-host.invalid"), clusterless::error);
}

TEST_CASE("writing to an end that is gone is told as such, and does not end the program") {
  const link_key key = make_link_key();
  pair_of_streams both("task-1", key, "task-1", key);
  both.shake_hands();
  both.there.reset();

  const auto sent = bytes(100'000);
  while (both.here->now() == tls_stream::state::open)
    both.here->write(sent);

  CHECK(both.here->now() == tls_stream::state::closed);
  CHECK_FALSE(both.here->why().empty());
}
