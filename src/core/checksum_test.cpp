// SPDX-License-Identifier: MIT
#include "core/checksum.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <span>
#include <string>

using namespace clusterless::core;

TEST_CASE("checksums are the published XXH3 values, so that records outlive this build") {
  // The empty-input values of the XXH3 specification.
  CHECK(to_hex(checksum64("", 0)) == "2d06800538d394c2");
  CHECK(to_hex(hash_content("", 0)) == "99aa06d3014798d86001c324468d497f");
}

TEST_CASE("a checksum changes with every byte and with the seed") {
  std::string text = "the quick brown fox jumps over the lazy dog, and over nothing else";
  const auto sum = checksum64(text.data(), text.size());
  CHECK(checksum64(text.data(), text.size(), 1) != sum);
  for (char& c : text) {
    c = static_cast<char>(c ^ 1);
    CHECK(checksum64(text.data(), text.size()) != sum);
    c = static_cast<char>(c ^ 1);
  }
  CHECK(checksum64(text.data(), text.size()) == sum);
}

TEST_CASE("a checksum of parts is that of the whole") {
  const std::string text(1000, 'x');
  const auto whole = std::as_bytes(std::span(text));
  const std::span<const std::byte> parts[] = {whole.first(0), whole.first(7), whole.subspan(7, 500),
                                              whole.subspan(507)};
  CHECK(checksum64(parts) == checksum64(text.data(), text.size()));
  content_stream stream;
  for (const auto& part : parts)
    stream.add(part.data(), part.size());
  CHECK(stream.sum() == hash_content(text.data(), text.size()));
}
