// SPDX-License-Identifier: MIT
// A pack: the bytes of consecutive items, or of their outcomes, one after the other. The same form
// is used in memory, between processes and in the store. Each entry is a 16-byte head and a body
// padded to 8 bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <clusterless/detail/buffer.hpp>

namespace clusterless::detail {

/// What the body of an entry is.
enum class entry_kind : std::uint32_t {
  value = 0,      ///< an encoded value
  error = 1,      ///< an encoded error_info
  reference = 2,  ///< an encoded result reference, to be replaced by that result's value
};

struct entry_head {
  std::uint64_t size = 0;  ///< bytes of the body, without padding
  entry_kind kind = entry_kind::value;
  std::uint32_t reserved = 0;
};
static_assert(sizeof(entry_head) == 16);

inline constexpr std::size_t padded(std::size_t n) {
  return (n + 7) & ~std::size_t{7};
}

/// Opens an entry at the end of `bytes`; returns where its head is.
inline std::size_t open_entry(buffer& bytes) {
  const std::size_t at = bytes.size();
  bytes.extend(sizeof(entry_head));
  return at;
}

/// Closes the entry opened at `at`: everything written since is its body.
inline void close_entry(buffer& bytes, std::size_t at, entry_kind kind = entry_kind::value) {
  const entry_head head{bytes.size() - at - sizeof(entry_head), kind, 0};
  std::memcpy(bytes.data() + at, &head, sizeof head);
  const std::size_t fill = padded(bytes.size()) - bytes.size();
  if (fill != 0) std::memset(bytes.extend(fill), 0, fill);
}

/// One entry as it lies in a pack.
struct entry_view {
  entry_kind kind = entry_kind::value;
  const std::byte* body = nullptr;
  std::size_t size = 0;
};

/// Walks over the entries of a pack; the bytes may come from anywhere.
class pack_cursor {
 public:
  pack_cursor() = default;
  pack_cursor(const std::byte* from, std::size_t n) : at_(from), end_(from + n) {}

  /// False at the end of the pack, and when what follows is not an entry (then !good()).
  bool next(entry_view& out) noexcept {
    if (at_ == end_) return false;
    const auto left = static_cast<std::size_t>(end_ - at_);
    entry_head head;
    if (left < sizeof head) return fail();
    std::memcpy(&head, at_, sizeof head);
    if (head.size > left - sizeof head ||
        padded(static_cast<std::size_t>(head.size)) > left - sizeof head)
      return fail();
    if (head.kind > entry_kind::reference || head.reserved != 0) return fail();
    out = {head.kind, at_ + sizeof head, static_cast<std::size_t>(head.size)};
    at_ += sizeof head + padded(static_cast<std::size_t>(head.size));
    return true;
  }
  bool good() const noexcept { return good_; }
  const std::byte* position() const noexcept { return at_; }

 private:
  bool fail() noexcept {
    good_ = false;
    return false;
  }
  const std::byte* at_ = nullptr;
  const std::byte* end_ = nullptr;
  bool good_ = true;
};

/// Whether these bytes are a pack of exactly `count` entries.
inline bool is_pack(const std::byte* from, std::size_t n, std::uint64_t count) noexcept {
  pack_cursor cursor(from, n);
  entry_view entry;
  std::uint64_t found = 0;
  while (cursor.next(entry))
    ++found;
  return cursor.good() && found == count;
}

}  // namespace clusterless::detail
