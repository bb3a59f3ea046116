// SPDX-License-Identifier: MIT
// Values to bytes and back, and what the codecs do with bytes that are damaged.
#pragma once

#include <cstddef>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <clusterless/codec.hpp>

#include "unit/largest_allocation.hpp"

namespace clusterless::tests {

using encoded = std::vector<std::byte>;

template <class T>
encoded encode(const T& value) {
  detail::buffer bytes;
  writer out(bytes);
  codec<T>::put(out, value);
  return {bytes.data(), bytes.data() + bytes.size()};
}

template <class T>
T decode(const encoded& bytes) {
  reader in(bytes.data(), bytes.size());
  T value = codec<T>::get(in);
  expect_end(in);
  return value;
}

/// Decodes bytes that may be anything: true when they were a value. Anything but a codec_error, and
/// a block much larger than the bytes, is a failure.
template <class T>
bool decodes(const encoded& bytes) {
  watch_allocations();
  bool good = true;
  try {
    decode<T>(bytes);
  } catch (const codec_error& refused) {
    good = false;
    REQUIRE(std::string(refused.what()).find("clusterless: ") == 0);
  }
  REQUIRE(largest_allocation() <= (std::size_t{256} << 10) + 64 * bytes.size());
  return good;
}

/// No part of the value's bytes is a value, nor are the bytes and one more; a count that is a lie
/// anywhere among them allocates nothing.
template <class T>
void check_hostile(const T& value) {
  const encoded bytes = encode(value);
  for (std::size_t n = 0; n < bytes.size(); ++n)
    REQUIRE_FALSE(decodes<T>({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n)}));
  encoded longer = bytes;
  longer.push_back(std::byte{0});
  REQUIRE_FALSE(decodes<T>(longer));
  for (std::size_t at = 0; at + 8 <= bytes.size(); ++at)
    for (const std::uint64_t lie : {~0ull, 1ull << 63, 1ull << 40, 1'000'000ull, 0ull}) {
      encoded damaged = bytes;
      std::memcpy(damaged.data() + at, &lie, sizeof lie);
      decodes<T>(damaged);
    }
  for (std::size_t at = 0; at < bytes.size(); ++at)
    for (const int bit : {0, 1, 7}) {
      encoded damaged = bytes;
      damaged[at] ^= static_cast<std::byte>(1 << bit);
      decodes<T>(damaged);
    }
}

/// The value comes back as it was, and its bytes survive what is done to them.
template <class T>
void check_round_trip(const T& value) {
  const encoded bytes = encode(value);
  REQUIRE(!bytes.empty());  // every value takes some bytes
  const T back = decode<T>(bytes);
  CHECK(back == value);
  CHECK(encode(back) == bytes);
  check_hostile(value);
}

}  // namespace clusterless::tests
