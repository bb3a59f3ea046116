// SPDX-License-Identifier: MIT
// Bytes with the shared segments beside them as one run of bytes for files, and back. What is read
// may come from anywhere: every size is checked against the bytes that are there before it is used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <clusterless/detail/segment.hpp>

namespace clusterless::task {

using byte_view = std::span<const std::byte>;

/// A segment as it lies in a file. What follows `data` up to its capacity is zero.
struct flat_segment {
  std::uint64_t id = 0;
  std::uint64_t capacity = 0;
  byte_view data = {};
};

/// A payload and its segments, in memory that somebody else holds.
struct flat_view {
  byte_view payload = {};
  std::vector<flat_segment> beside = {};
};

/// The parts that make the run of bytes, without a copy: the payload and segments must stay.
class flat_parts {
 public:
  flat_parts(byte_view payload, const detail::segment_list& beside);
  const std::vector<byte_view>& parts() const noexcept { return parts_; }
  std::size_t size() const noexcept { return size_; }

 private:
  std::vector<std::uint64_t> table_;
  std::vector<byte_view> parts_;
  std::size_t size_ = 0;
};

/// Nothing when `from` is not exactly what flat_parts made.
std::optional<flat_view> read_flat(byte_view from);
/// Copies of the segments in shared memory of this process, by which the payload can be decoded.
detail::segment_list in_memory(const std::vector<flat_segment>& beside);
/// Those segments of `beside` that values in `payload` may refer to.
detail::segment_list referred_to(byte_view payload, const detail::segment_list& beside);

/// A file: `kind` names its form, and a checksum guards the rest.
std::vector<std::byte> seal(std::uint64_t kind, const std::vector<byte_view>& parts);
/// What seal() was given. Throws `error` (failed): `what` cannot be used, and why.
byte_view unseal(std::uint64_t kind, const std::string& what, byte_view file);
[[noreturn]] void refuse(const std::string& what, const std::string& why);

}  // namespace clusterless::task
