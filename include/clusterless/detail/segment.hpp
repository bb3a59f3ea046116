// SPDX-License-Identifier: MIT
// Shared memory segments: blocks that several processes of one node map instead of copying. A block
// is recycled when its last holder anywhere lets go. Also the few helpers of the codec that are not
// templates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>
#include <vector>

namespace clusterless::detail {

/// A mapped block. `writable` is false when another process made it.
struct segment {
  std::byte* data = nullptr;
  std::size_t capacity = 0;
  bool writable = true;
  std::uint64_t id = 0;  ///< by which values refer to it; unique in a message
  virtual ~segment() = default;
};
using segment_ptr = std::shared_ptr<segment>;

/// Segments that travel beside a message; values refer to them by position.
using segment_list = std::vector<segment_ptr>;

/// Arrays of at least this many bytes live in segments. Below it a copy is cheaper than a mapping.
inline constexpr std::size_t segment_threshold = 64 * 1024;

/// A writable segment of at least `bytes`, recycled if one is free.
segment_ptr allocate_segment(std::size_t bytes);

/// The segment `id` of a message; throws codec_error when it is not there.
segment_ptr find_segment(const segment_list* beside, std::uint64_t id);

/// memcpy for blocks that are not read again on this core soon.
void copy_large(void* to, const void* from, std::size_t n) noexcept;
inline constexpr std::size_t large_copy = 1024 * 1024;

/// Has the heap reach past the huge page in which a value of so many bytes will end, so that
/// advise_huge() can ask for that page as well. Allocates nothing.
void reach_ahead(std::size_t bytes) noexcept;

/// Asks for huge pages for memory that is about to be filled; does nothing below 4 MiB.
void advise_huge(void* at, std::size_t bytes) noexcept;

[[noreturn]] void throw_short(std::size_t wanted, std::size_t left);
[[noreturn]] void throw_count(std::uint64_t count, std::size_t bytes_each, std::size_t left);

/// Fills an empty vector with `n` elements in one pass over the memory.
template <class T>
void assign_raw(std::vector<T>& value, const std::byte* from, std::size_t n) {
  if (n == 0) return;
  reach_ahead(n * sizeof(T));
  value.reserve(n);
  advise_huge(value.data(), n * sizeof(T));
  if (reinterpret_cast<std::uintptr_t>(from) % alignof(T) == 0) {
    const T* first = reinterpret_cast<const T*>(from);
    value.assign(first, first + n);
  } else {
    value.resize(n);
    std::memcpy(static_cast<void*>(value.data()), from, n * sizeof(T));
  }
}

}  // namespace clusterless::detail
