// SPDX-License-Identifier: MIT
#include "azure/blob_transfer.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "azure/crypto.hpp"
#include "support/blob_connection.hpp"
#include "support/fake_http.hpp"
#include "support/scratch_directory.hpp"

using namespace clusterless;
using namespace clusterless::azure;

namespace {

std::string noise(std::size_t n) {
  std::string out(n, '\0');
  std::uint32_t x = 1;
  for (char& c : out) {
    x = x * 1664525 + 1013904223;
    c = static_cast<char>(x >> 24);
  }
  return out;
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

constexpr transfer_options small_blocks = {.block_bytes = 10'000, .parallel = 3};

std::string file_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("a large blob is sent in blocks, keeps its MD5, and comes back whole") {
  CLUSTERLESS_NEEDS_AZURITE(server);
  tests::blob_connection to(server);
  const std::string content = noise(123'456);
  const auto sent = to.get<bool>([&](auto then) {
    upload(to.blobs, to.container, "large", bytes_of(content), {.transfer = small_blocks}, then);
  });
  CHECK(sent.value());
  const auto blocks =
      to.get<block_list>([&](auto then) { to.blobs.get_block_list(to.container, "large", then); });
  CHECK(blocks->committed.size() == 13);

  std::string back(content.size(), '\0');
  const auto got = to.get<std::optional<blob_facts>>([&](auto then) {
    download(to.blobs, to.container, "large", std::as_writable_bytes(std::span(back)), small_blocks,
             then);
  });
  REQUIRE(got.value());
  CHECK(got.value()->md5 == base64(md5(bytes_of(content))));
  CHECK(back == content);
}

TEST_CASE("files are sent and fetched, and a failed fetch leaves none behind") {
  CLUSTERLESS_NEEDS_AZURITE(server);
  tests::blob_connection to(server);
  const tests::scratch_directory place;
  const std::string content = noise(54'321);
  std::ofstream(place.path() + "/out", std::ios::binary) << content;
  CHECK(to.get<bool>([&](auto then) {
            upload_file(to.blobs, to.container, "f", place.path() + "/out",
                        {.transfer = small_blocks}, then);
          }).value());
  const auto fetch = [&](const std::string& name, const std::string& file) {
    return to.get<std::optional<blob_facts>>([&](auto then) {
      download_file(to.blobs, to.container, name, place.path() + file, small_blocks, then);
    });
  };
  CHECK(fetch("f", "/in").value());
  CHECK(file_text(place.path() + "/in") == content);
  CHECK(!fetch("none", "/none").value());
  CHECK(!std::filesystem::exists(place.path() + "/none"));
  CHECK(!std::filesystem::exists(place.path() + "/none.part"));
  CHECK_THROWS_WITH_AS(
      upload_file(to.blobs, to.container, "f", place.path() + "/absent", {}, [](result<bool>) {}),
      doctest::Contains("No such file or directory"), error);
}

TEST_CASE("an upload that was cut off sends only what is missing when it is started again") {
  CLUSTERLESS_NEEDS_AZURITE(server);
  tests::blob_connection to(server);
  const std::string content = noise(100'000);
  std::string other = content;
  other[95'000] = static_cast<char>(other[95'000] + 1);
  // All blocks but the last of `content` are there, and nothing is committed.
  const auto begun = to.get<bool>([&](auto then) {
    upload(to.blobs, to.container, "x", bytes_of(other),
           {.transfer = small_blocks, .put = {.if_match = "\"stale\""}}, then);
  });
  CHECK(!begun);

  struct counting final : transport {
    explicit counting(transport& t) : over(t) {}
    void submit(request&& what, completion then) override {
      if (what.url.find("comp=block&") != std::string::npos) ++blocks;
      over.submit(std::move(what), std::move(then));
    }
    void poll(std::int64_t ms) override { over.poll(ms); }
    void wake() noexcept override { over.wake(); }
    std::size_t under_way() const override { return over.under_way(); }
    transport& over;
    int blocks = 0;
  } counted(*to.over);
  loop on(counted, machine_clock());
  exchange calls(on, to.by);
  blob_client blobs(calls, to.account.endpoint);
  CHECK(wait_for<bool>(on, [&](auto then) {
          upload(blobs, to.container, "x", bytes_of(content), {.transfer = small_blocks}, then);
        }).value());
  CHECK(counted.blocks == 1);
  CHECK(to.read("x") == content);
}

TEST_CASE("a new large blob leaves one that is there as it is") {
  CLUSTERLESS_NEEDS_AZURITE(server);
  tests::blob_connection to(server);
  const std::string one = noise(30'000), two = noise(20'001);
  const auto create = [&](const std::string& content) {
    return to
        .get<bool>([&](auto then) {
          upload(to.blobs, to.container, "x", bytes_of(content),
                 {.transfer = small_blocks, .only_new = true}, then);
        })
        .value();
  };
  CHECK(create(one));
  CHECK(!create(two));
  CHECK(to.read("x") == one);
}

TEST_CASE("bytes that changed in the store are found when they are fetched") {
  tests::manual_clock clock;
  tests::fake_http http(clock);
  loop on(http, clock);
  no_signer nobody;
  exchange calls(on, nobody);
  blob_client blobs(calls, "https://h");
  http.then(200, {}, {{"Content-Length", "4"}, {"ETag", "\"1\""}, {"Content-MD5", "AAAA"}});
  http.then(206, "abcd", {{"Content-Range", "bytes 0-3/4"}});
  std::string into(4, '\0');
  const auto got = wait_for<std::optional<blob_facts>>(on, [&](auto then) {
    download(blobs, "c", "x", std::as_writable_bytes(std::span(into)), {}, then);
  });
  REQUIRE(!got);
  CHECK(got.error().is("Md5Mismatch"));
  CHECK(*http.seen[1].find("if-match") == "\"1\"");

  http.then(200, {}, {{"Content-Length", "5"}});
  const auto longer = wait_for<std::optional<blob_facts>>(on, [&](auto then) {
    download(blobs, "c", "x", std::as_writable_bytes(std::span(into)), {}, then);
  });
  CHECK(longer.error().is("SizeMismatch"));
}
