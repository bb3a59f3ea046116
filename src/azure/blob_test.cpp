// SPDX-License-Identifier: MIT
// Against a real server, Azurite; without it these tests say that they were skipped.
#include "azure/blob.hpp"

#include <doctest/doctest.h>

#include "azure/crypto.hpp"
#include "azure/sas.hpp"
#include "azure/text.hpp"
#include "azure/tokens.hpp"
#include "support/azurite.hpp"
#include "support/blob_connection.hpp"

using namespace clusterless;
using namespace clusterless::azure;

namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

using connection = tests::blob_connection;

}  // namespace

TEST_CASE("a blob is written, read, looked at, listed and removed") {
  CLUSTERLESS_NEEDS_AZURITE(server);
  connection to(server);

  const blob_facts written = to.put("dir/a b.txt", "content", {.metadata = {{"who", "me"}}});
  CHECK(!written.etag.empty());
  CHECK(written.size == 7);
  CHECK(to.read("dir/a b.txt") == "content");
  CHECK(to.read("dir/a b.txt", {3, 2}) == "te");
  CHECK(to.read("dir/a b.txt", {3, 0}) == "tent");
  CHECK(to.read("dir/a b.txt", {7, 10}).empty());
  CHECK(to.read("none") == "(none)");

  const auto facts = to.get<std::optional<blob_facts>>(
      [&](auto then) { to.blobs.head(to.container, "dir/a b.txt", then); });
  REQUIRE(facts.value());
  CHECK(facts.value()->size == 7);
  CHECK(facts.value()->etag == written.etag);
  CHECK(facts.value()->metadata.at("who") == "me");
  CHECK(facts.value()->md5 == base64(md5(bytes_of("content"))));

  to.put("dir/b", "22");
  to.put("else", "x");
  const auto page =
      to.get<blob_page>([&](auto then) { to.blobs.list(to.container, "dir/", {}, then); });
  REQUIRE(page->blobs.size() == 2);
  CHECK(page->blobs[0].name == "dir/a b.txt");
  CHECK(page->blobs[1].size == 2);
  CHECK(page->next.empty());

  const auto remove = [&] {
    return to.get<bool>([&](auto then) { to.blobs.remove(to.container, "dir/b", then); }).value();
  };
  CHECK(remove());
  CHECK(!remove());
}

TEST_CASE("containers are made, found, listed and deleted once") {
  CLUSTERLESS_NEEDS_AZURITE(server);
  connection to(server);
  const auto made = to.get<bool>([&](auto then) { to.blobs.create_container(to.container, then); });
  CHECK(!made.value());
  const auto exists = [&] {
    return to.get<bool>([&](auto then) { to.blobs.container_exists(to.container, then); }).value();
  };
  CHECK(exists());
  const auto page =
      to.get<container_page>([&](auto then) { to.blobs.list_containers(to.container, {}, then); });
  CHECK(page->names == std::vector<std::string>{to.container});
  const auto remove = [&] {
    return to.get<bool>([&](auto then) { to.blobs.delete_container(to.container, then); }).value();
  };
  CHECK(remove());
  CHECK(!remove());
  CHECK(!exists());
}

TEST_CASE("of two creators of a blob the first wins, and stale writers are told") {
  CLUSTERLESS_NEEDS_AZURITE(server);
  connection to(server);
  const auto create = [&](std::string_view text) {
    return to
        .get<bool>(
            [&](auto then) { to.blobs.put_new(to.container, "x", bytes_of(text), {}, then); })
        .value();
  };
  CHECK(create("one"));
  CHECK(!create("two"));
  CHECK(to.read("x") == "one");

  const blob_facts first = to.put("x", "three");
  to.put("x", "four", {.if_match = first.etag});
  const auto stale = to.get<blob_facts>([&](auto then) {
    to.blobs.put(to.container, "x", bytes_of("five"), {.if_match = first.etag}, then);
  });
  REQUIRE(!stale);
  CHECK(stale.error().status == 412);
  CHECK(stale.error().code == "ConditionNotMet");
  CHECK(stale.error().text().find("cannot write blob " + to.container + "/x: ") == 0);
  CHECK(to.read("x") == "four");
}

TEST_CASE("blocks become a blob when they are committed, and are listed until then") {
  CLUSTERLESS_NEEDS_AZURITE(server);
  connection to(server);
  const std::string ids[] = {base64("00000001"), base64("00000002")};
  for (const std::string& id : ids) {
    const std::string text = "part " + id;
    to.get<done>([&](auto then) {
        to.blobs.put_block(to.container, "x", id, bytes_of(text), then);
      }).value();
  }
  const auto blocks = [&] {
    return to.get<block_list>([&](auto then) { to.blobs.get_block_list(to.container, "x", then); })
        .value();
  };
  CHECK(blocks().uncommitted.size() == 2);
  CHECK(blocks().committed.empty());
  const auto commit = [&](const std::string& condition) {
    return to.get<blob_facts>([&](auto then) {
      to.blobs.put_block_list(to.container, "x", {ids[0], ids[1]}, {}, {.if_match = condition},
                              then);
    });
  };
  CHECK(commit("*absent"));
  CHECK(!commit("*absent"));
  CHECK(to.read("x") == "part " + ids[0] + "part " + ids[1]);
  REQUIRE(blocks().committed.size() == 2);
  CHECK(blocks().committed[0].id == ids[0]);
  CHECK(blocks().committed[0].size == 17);
}

TEST_CASE("an append blob takes what fits its position, and nothing twice") {
  CLUSTERLESS_NEEDS_AZURITE(server);
  connection to(server);
  const auto append = [&](std::uint64_t at, std::string_view text) {
    return to.get<std::uint64_t>(
        [&](auto then) { to.blobs.append_block(to.container, "log", at, bytes_of(text), then); });
  };
  CHECK(
      to.get<bool>([&](auto then) { to.blobs.create_append(to.container, "log", then); }).value());
  CHECK(
      !to.get<bool>([&](auto then) { to.blobs.create_append(to.container, "log", then); }).value());
  CHECK(append(0, "one ").value() == 4);
  CHECK(append(4, "two").value() == 7);
  CHECK(append(4, "two").value() == 7);
  CHECK(!append(4, "four"));
  CHECK(to.read("log") == "one two");
}

TEST_CASE("a lease has one holder, who may renew, lose and release it") {
  CLUSTERLESS_NEEDS_AZURITE(server);
  connection to(server);
  to.put("hold", "");
  const std::string mine = random_uuid(), theirs = random_uuid();
  const auto ask = [&](auto member, auto... more) {
    return to.get<bool>([&](auto then) { (to.blobs.*member)(to.container, "hold", more..., then); })
        .value();
  };
  CHECK(ask(&blob_client::acquire_lease, mine, 15));
  CHECK(ask(&blob_client::acquire_lease, mine, 15));
  CHECK(!ask(&blob_client::acquire_lease, theirs, 15));
  CHECK(ask(&blob_client::renew_lease, mine));
  CHECK(!ask(&blob_client::renew_lease, theirs));
  const auto write = [&](const put_options& how) {
    return to.get<blob_facts>(
        [&](auto then) { to.blobs.put(to.container, "hold", {}, how, then); });
  };
  CHECK(write({}).error().is("LeaseIdMissing"));
  CHECK(write({.lease = mine}));
  CHECK(ask(&blob_client::release_lease, mine));
  CHECK(ask(&blob_client::acquire_lease, theirs, 15));
  CHECK(!ask(&blob_client::renew_lease, mine));
  CHECK(ask(&blob_client::break_lease));
  CHECK(!ask(&blob_client::renew_lease, theirs));
}

TEST_CASE("a SAS opens what it was made for and nothing else") {
  CLUSTERLESS_NEEDS_AZURITE(server);
  connection to(server);
  to.put("x", "seen");
  const std::int64_t now = machine_clock().unix_seconds();
  const sas_request wanted = {.container = to.container,
                              .permissions = "r",
                              .start_s = now - 300,
                              .expiry_s = now + 300,
                              .https_only = false};
  no_signer nobody;
  exchange bare(to.on, nobody);
  blob_client with(bare, to.account.endpoint, service_sas(to.account.name, to.account.key, wanted));
  const auto read = to.get<std::optional<blob_content>>(
      [&](auto then) { with.get(to.container, "x", {}, {}, {}, then); });
  CHECK(read.value()->body == "seen");
  const auto write =
      to.get<blob_facts>([&](auto then) { with.put(to.container, "x", bytes_of("y"), {}, then); });
  REQUIRE(!write);
  CHECK(write.error().status == 403);
  CHECK(write.error().url.find("sig=***") != std::string::npos);
  CHECK(write.error().kind() == error_kind::misuse);
}

TEST_CASE("a token opens an account, and signs SAS without the account's key") {
  const tests::token_azurite* server = tests::running_token_azurite();
  if (server == nullptr) return;
  const auto over =
      make_curl_transport({.ca_file = server->certificate, .proxies_from_environment = false});
  loop on(*over, machine_clock());
  const auto from = make_given_token(core::secret(std::string(server->token)));
  bearer_signer by(on, *from, "https://storage.azure.com/");
  exchange calls(on, by);
  blob_client blobs(calls, server->endpoint);
  const std::string container = tests::fresh_container();
  CHECK(wait_for<bool>(on, [&](auto then) { blobs.create_container(container, then); }).value());
  wait_for<blob_facts>(on, [&](auto then) {
    blobs.put(container, "x", bytes_of("seen"), {}, then);
  }).value();

  const std::int64_t now = machine_clock().unix_seconds();
  const auto key = wait_for<delegation_key>(on, [&](auto then) {
    blobs.get_delegation_key(iso_time(now - 300), iso_time(now + 3600), then);
  });
  CHECK(!key.value().value.empty());
  const sas_request wanted = {.container = container,
                              .blob = "x",
                              .permissions = "r",
                              .start_s = now - 300,
                              .expiry_s = now + 300};
  no_signer nobody;
  exchange bare(on, nobody);
  blob_client with(bare, server->endpoint, delegation_sas("devstoreaccount1", key.value(), wanted));
  const auto read = wait_for<std::optional<blob_content>>(
      on, [&](auto then) { with.get(container, "x", {}, {}, {}, then); });
  CHECK(read.value()->body == "seen");
  const auto other = wait_for<std::optional<blob_content>>(
      on, [&](auto then) { with.get(container, "y", {}, {}, {}, then); });
  REQUIRE(!other);
  CHECK(other.error().status == 403);
}

TEST_CASE("a wrong key is told with the service's words and what to do") {
  CLUSTERLESS_NEEDS_AZURITE(server);
  connection to(server);
  const core::secret wrong(base64("not the key of this account"));
  shared_key_signer by(service::blob, to.account.name, wrong);
  exchange calls(to.on, by);
  blob_client blobs(calls, to.account.endpoint);
  const auto got =
      to.get<bool>([&](auto then) { blobs.create_container("other-container", then); });
  REQUIRE(!got);
  CHECK(got.error().status == 403);
  CHECK(got.error().text().find("check the key, token or role") != std::string::npos);
}

TEST_CASE("connection strings tell endpoint, account and key, or what is missing") {
  const storage_account real = parse_connection_string(
      "DefaultEndpointsProtocol=https;AccountName=acct;AccountKey=a2V5;EndpointSuffix=core.x.net");
  CHECK(real.endpoint == "https://acct.blob.core.x.net");
  CHECK(real.key.reveal() == "a2V5");
  CHECK(parse_connection_string("UseDevelopmentStorage=true").endpoint ==
        "http://127.0.0.1:10000/devstoreaccount1");
  const storage_account by_sas = parse_connection_string(
      "BlobEndpoint=https://a.blob.core.windows.net/;SharedAccessSignature=?sv=1&sig=x");
  CHECK(by_sas.sas == "sv=1&sig=x");
  CHECK_THROWS_WITH_AS(parse_connection_string("AccountName=a"),
                       doctest::Contains("no AccountKey or SharedAccessSignature"), error);
  CHECK_THROWS_WITH_AS(parse_connection_string("AccountKey=a2V5"),
                       doctest::Contains("no AccountName"), error);
}
