// SPDX-License-Identifier: MIT
// What every store must do, run on a container of a real server; and what only this one has.
#include "store/blob/blob_store.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <clusterless/error.hpp>

#include "support/azurite.hpp"
#include "support/blob_connection.hpp"
#include "support/blob_proxy.hpp"
#include "support/store_cases.hpp"

using namespace clusterless;
using namespace clusterless::store;
using tests::store_cases::append;
using tests::store_cases::as_bytes;
using tests::store_cases::text_of;

namespace {

std::unique_ptr<object_store> open(const tests::azurite& server, const std::string& container) {
  return open_blob_store(azure::parse_connection_string(server.connection_string), container);
}

}  // namespace

void clusterless::tests::on_every_store(const std::function<void(object_store&)>& check) {
  CLUSTERLESS_NEEDS_AZURITE(server);
  const auto in = open(server, fresh_container());
  check(*in);
}

TEST_CASE("a store without a container is empty, and its first write makes the container") {
  CLUSTERLESS_NEEDS_AZURITE(server);
  const std::string container = tests::fresh_container();
  const auto in = open(server, container);
  CHECK(in->list("").empty());
  CHECK(!in->get("a"));
  CHECK(in->remove("a").empty());
  CHECK(!in->held_by("a"));
  in->append_to("log")->sync();
  CHECK(in->list("").size() == 1);
  CHECK(in->place("a") == server.endpoint + "/" + container + "/a");
}

TEST_CASE("many small appends stay few blocks, and an object that was put can be appended to") {
  CLUSTERLESS_NEEDS_AZURITE(server);
  tests::blob_connection to(server);
  const auto in = open(server, to.container);
  in->put("log", as_bytes("put;"));
  std::string expected = "put;";
  {
    const auto log = in->append_to("log");
    CHECK(log->size() == 4);
    for (int i = 0; i < 150; ++i) {
      append(*log, std::to_string(i) + ";");
      expected += std::to_string(i) + ";";
    }
  }
  CHECK(text_of(in->get("log")) == expected);
  const auto blocks = to.get<azure::block_list>(
      [&](auto then) { to.blobs.get_block_list(to.container, "log", then); });
  CHECK(blocks->committed.size() <= 65);
  const auto log = in->append_to("log");
  CHECK(log->size() == expected.size());
  log->cut_to(5);
  append(*log, "end");
  CHECK(text_of(in->get("log")) == expected.substr(0, 5) + "end");
  log->cut_to(0);
  CHECK(in->size("log") == 0u);
  CHECK_THROWS_AS(log->cut_to(1), error);
}

TEST_CASE("a writer that was overtaken is told, and the other one goes on") {
  CLUSTERLESS_NEEDS_AZURITE(server);
  tests::blob_connection to(server);
  const auto in = open(server, to.container);
  const auto mine = in->append_to("log");
  append(*mine, "one ");
  append(*mine, "two");
  const auto theirs = in->append_to("log");
  append(*theirs, " three");
  CHECK_THROWS_WITH_AS(append(*mine, "x"), doctest::Contains("somebody else is writing to"), error);
  append(*theirs, " four");
  CHECK(text_of(in->get("log")) == "one two three four");
}

TEST_CASE("lost requests, lost answers and busy moments change nothing of what is stored") {
  CLUSTERLESS_NEEDS_AZURITE(server);
  for (const tests::fault kind :
       {tests::fault::lost_before, tests::fault::lost_after, tests::fault::busy}) {
    std::atomic<int> n = 0;
    tests::blob_proxy between(
        server, [&](const std::string&) { return ++n % 3 == 0 ? kind : tests::fault::none; });
    const std::string container = tests::fresh_container();
    const auto in = open_blob_store(azure::parse_connection_string(between.connection_string()),
                                    container, {.retry = {.first_ms = 2}});
    std::string expected;
    const auto log = in->append_to("log");
    for (int i = 0; i < 20; ++i) {
      const std::string line = std::to_string(i) + ";";
      append(*log, line);
      expected += line;
      CHECK(in->put_new("new/" + std::to_string(i), as_bytes(line)));
      CHECK(!in->put_new("new/" + std::to_string(i), as_bytes("other")));
    }
    log->cut_to(expected.size() - 3);
    CHECK(text_of(in->get("log")) == expected.substr(0, expected.size() - 3));
    CHECK(in->list("new").size() == 20);
    for (int i = 0; i < 5; ++i) {
      const auto mine = in->try_hold("holds/x");
      REQUIRE(mine);
      CHECK(!in->try_hold("holds/x"));
    }
    CHECK(in->remove("new").empty());
    CHECK(in->list("new").empty());
    CHECK(n > 100);
  }
}

TEST_CASE("a hold that was taken away says that it is lost") {
  CLUSTERLESS_NEEDS_AZURITE(server);
  tests::blob_connection to(server);
  const auto in = open_blob_store(azure::parse_connection_string(server.connection_string),
                                  to.container, {.lease_s = 15});
  const auto mine = in->try_hold("holds/x");
  REQUIRE(mine);
  CHECK(!mine->lost());
  const auto left = in->remove("holds/x");
  REQUIRE(left.size() == 1);
  CHECK(left[0].reason.find("LeaseIdMissing") != std::string::npos);
  CHECK(to.get<bool>([&](auto then) {
            to.blobs.break_lease(to.container, "holds/x", then);
          }).value());
  const auto theirs = in->try_hold("holds/x");
  CHECK(theirs);
  while (!mine->lost())
    to.on.poll(100);
  CHECK(!theirs->lost());
}

TEST_CASE("objects larger than a block are put and read whole") {
  CLUSTERLESS_NEEDS_AZURITE(server);
  const auto in = open(server, tests::fresh_container());
  const std::string large(20'000'000, 'x');
  in->put("large", as_bytes(large));
  CHECK(text_of(in->get("large")) == large);
  CHECK(!in->put_new("large", as_bytes(large)));
  const auto log = in->append_to("large");
  append(*log, "y");
  CHECK(in->size("large") == large.size() + 1);
}
