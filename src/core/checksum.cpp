// SPDX-License-Identifier: MIT
#include "core/checksum.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace clusterless::core {

std::uint64_t checksum64(const void* from, std::size_t n, std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(from, n, seed);
}

std::uint64_t checksum64(std::span<const std::span<const std::byte>> parts) noexcept {
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  for (const auto& part : parts)
    XXH3_64bits_update(&state, part.data(), part.size());
  return XXH3_64bits_digest(&state);
}

content_hash hash_content(const void* from, std::size_t n) noexcept {
  const XXH128_hash_t hash = XXH3_128bits(from, n);
  return {hash.high64, hash.low64};
}

struct content_stream::state {
  XXH3_state_t value;
};

content_stream::content_stream() : state_(std::make_unique<state>()) {
  XXH3_128bits_reset(&state_->value);
}
content_stream::~content_stream() = default;

void content_stream::add(const void* from, std::size_t n) noexcept {
  XXH3_128bits_update(&state_->value, from, n);
}

content_hash content_stream::sum() const noexcept {
  const XXH128_hash_t hash = XXH3_128bits_digest(&state_->value);
  return {hash.high64, hash.low64};
}

std::string to_hex(std::uint64_t sum) {
  std::string text(16, '0');
  for (std::size_t i = 16; i-- > 0; sum >>= 4)
    text[i] = "0123456789abcdef"[sum & 15];
  return text;
}

std::string to_hex(const content_hash& hash) {
  return to_hex(hash.high) + to_hex(hash.low);
}

}  // namespace clusterless::core
