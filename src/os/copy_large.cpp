// SPDX-License-Identifier: MIT
// Copies of more than a cache holds.
#include <emmintrin.h>

#include <cstring>

#include <clusterless/detail/segment.hpp>

namespace clusterless::detail {

// Stores that pass the cache by: an ordinary store first reads the line it is about to overwrite,
// a third of all the traffic to memory.
void copy_large(void* to, const void* from, std::size_t n) noexcept {
  constexpr std::size_t line = 64;
  auto* out = static_cast<std::byte*>(to);
  const auto* in = static_cast<const std::byte*>(from);
  const std::size_t before = (line - reinterpret_cast<std::uintptr_t>(out) % line) % line;
  if (n < large_copy) {
    std::memcpy(out, in, n);
    return;
  }
  std::memcpy(out, in, before);
  out += before;
  in += before;
  n -= before;
  for (; n >= line; n -= line, in += line, out += line) {
    __m128i part[4];
    std::memcpy(part, in, line);
    auto* at = reinterpret_cast<__m128i*>(out);
    _mm_stream_si128(at, part[0]);
    _mm_stream_si128(at + 1, part[1]);
    _mm_stream_si128(at + 2, part[2]);
    _mm_stream_si128(at + 3, part[3]);
  }
  std::memcpy(out, in, n);
  _mm_sfence();  // whoever is told of the copy sees it
}

}  // namespace clusterless::detail
