// SPDX-License-Identifier: MIT
// Checksums that find accidents in stored bytes, and content hashes that name equal bytes equally.
// XXH3: fast, the same on every machine; no defence against somebody who wants a collision.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace clusterless::core {

/// XXH3-64 of `n` bytes. Different seeds give unrelated sums of the same bytes.
std::uint64_t checksum64(const void* from, std::size_t n, std::uint64_t seed = 0) noexcept;
/// The same sum of parts, as if they lay one behind the other.
std::uint64_t checksum64(std::span<const std::span<const std::byte>> parts) noexcept;

/// XXH3-128: names contents such as programs and broadcast values.
struct content_hash {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend bool operator==(const content_hash&, const content_hash&) = default;
};
content_hash hash_content(const void* from, std::size_t n) noexcept;

/// The same of bytes that come one after the other.
class content_stream {
 public:
  content_stream();
  ~content_stream();
  content_stream(const content_stream&) = delete;
  content_stream& operator=(const content_stream&) = delete;
  void add(const void* from, std::size_t n) noexcept;
  content_hash sum() const noexcept;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// 16 and 32 lower-case hexadecimal digits, the most significant first.
std::string to_hex(std::uint64_t sum);
std::string to_hex(const content_hash& hash);

}  // namespace clusterless::core
