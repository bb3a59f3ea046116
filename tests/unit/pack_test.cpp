// SPDX-License-Identifier: MIT
#include <cstring>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <rapidcheck.h>
#include <clusterless/detail/pack.hpp>

using namespace clusterless::detail;

namespace {

void add(buffer& pack, const std::string& body, entry_kind kind = entry_kind::value) {
  const std::size_t at = open_entry(pack);
  pack.append(body.data(), body.size());
  close_entry(pack, at, kind);
}
std::string text_of(const entry_view& entry) {
  return {reinterpret_cast<const char*>(entry.body), entry.size};
}
std::vector<std::byte> one_entry(std::uint64_t size, std::uint32_t kind, std::uint32_t reserved,
                                 std::size_t body) {
  std::vector<std::byte> bytes(16 + body);
  std::memcpy(bytes.data(), &size, 8);
  std::memcpy(bytes.data() + 8, &kind, 4);
  std::memcpy(bytes.data() + 12, &reserved, 4);
  return bytes;
}
bool is_entry(const std::vector<std::byte>& bytes) {
  pack_cursor cursor(bytes.data(), bytes.size());
  entry_view entry;
  const bool got = cursor.next(entry);
  CHECK(cursor.good() == got);
  return got;
}

}  // namespace

TEST_CASE("a pack gives its entries back in order, with their kinds") {
  buffer pack;
  add(pack, "one");
  add(pack, "", entry_kind::error);
  add(pack, "12345678", entry_kind::reference);
  CHECK(pack.size() % 8 == 0);

  pack_cursor cursor(pack.data(), pack.size());
  entry_view entry;
  REQUIRE(cursor.next(entry));
  CHECK(text_of(entry) == "one");
  CHECK(entry.kind == entry_kind::value);
  REQUIRE(cursor.next(entry));
  CHECK(text_of(entry).empty());
  CHECK(entry.kind == entry_kind::error);
  REQUIRE(cursor.next(entry));
  CHECK(text_of(entry) == "12345678");
  CHECK_FALSE(cursor.next(entry));
  CHECK(cursor.good());
  CHECK(cursor.position() == pack.data() + pack.size());
}

TEST_CASE("any bodies come back from a pack, and no part of a pack is a whole one") {
  CHECK(rc::check("packs", [](const std::vector<std::string>& bodies) {
    buffer pack;
    for (const auto& body : bodies)
      add(pack, body);
    pack_cursor cursor(pack.data(), pack.size());
    entry_view entry;
    for (const auto& body : bodies) {
      RC_ASSERT(cursor.next(entry));
      RC_ASSERT(text_of(entry) == body);
    }
    RC_ASSERT(!cursor.next(entry) && cursor.good());

    const std::size_t cut = *rc::gen::inRange<std::size_t>(0, pack.size() + 1);
    pack_cursor part(pack.data(), cut);
    std::size_t found = 0;
    while (part.next(entry))
      ++found;
    RC_ASSERT(cut == pack.size() || found < bodies.size());
    RC_ASSERT(static_cast<std::size_t>(part.position() - pack.data()) <= cut);
  }));
}

TEST_CASE("heads that lie are no entries") {
  CHECK(is_entry(one_entry(8, 0, 0, 8)));
  CHECK(is_entry(one_entry(5, 2, 0, 8)));
  CHECK_FALSE(is_entry(one_entry(9, 0, 0, 8)));      // longer than the bytes
  CHECK_FALSE(is_entry(one_entry(5, 0, 0, 5)));      // the padding is missing
  CHECK_FALSE(is_entry(one_entry(~0ull, 0, 0, 8)));  // padded, it would wrap to 0
  CHECK_FALSE(is_entry(one_entry(~0ull - 7, 0, 0, 8)));
  CHECK_FALSE(is_entry(one_entry(8, 3, 0, 8)));  // no such kind
  CHECK_FALSE(is_entry(one_entry(8, 0, 1, 8)));  // reserved
  CHECK_FALSE(is_entry(std::vector<std::byte>(15)));
}

TEST_CASE("a buffer keeps its bytes while it grows from the heap into a segment") {
  buffer bytes;
  std::string all;
  while (all.size() < 4 * segment_threshold) {
    const std::string more(1 + all.size() / 3, static_cast<char>('a' + all.size() % 26));
    bytes.append(more.data(), more.size());
    all += more;
    REQUIRE(std::memcmp(bytes.data(), all.data(), all.size()) == 0);
  }
  CHECK(bytes.size() == all.size());
  REQUIRE(bytes.shared());
  CHECK(bytes.shared()->data == bytes.data());

  buffer moved = std::move(bytes);
  CHECK(moved.size() == all.size());
  CHECK(bytes.empty());
  bytes.append("again", 5);
  CHECK(bytes.size() == 5);
  CHECK_FALSE(bytes.shared());
}

TEST_CASE("a pack of as many entries as it is said to have, and of no others") {
  buffer pack;
  CHECK(is_pack(nullptr, 0, 0));
  CHECK_FALSE(is_pack(nullptr, 0, 1));
  add(pack, "one");
  add(pack, "two");
  CHECK(is_pack(pack.data(), pack.size(), 2));
  CHECK_FALSE(is_pack(pack.data(), pack.size(), 1));
  CHECK_FALSE(is_pack(pack.data(), pack.size(), 3));
  CHECK_FALSE(is_pack(pack.data(), pack.size() - 8, 2));
  CHECK_FALSE(is_pack(pack.data(), pack.size(), ~0ull));
}
