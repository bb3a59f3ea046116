// SPDX-License-Identifier: MIT
// The form of a frame in a channel's ring: a head, references to segments, the fixed part of the
// message, and its payload unless that lies in the first segment.
#pragma once

#include <cstdint>

namespace clusterless::os {

struct frame_head {
  std::uint32_t size;  ///< of the whole frame, a multiple of 8
  std::uint16_t type;
  std::uint16_t segments;
  std::uint32_t fixed;
  std::uint32_t in_segment;  ///< the payload lies in the first segment, from `offset`
  std::uint64_t payload;
  std::uint64_t offset;
};
static_assert(sizeof(frame_head) == 32);

struct segment_ref {
  std::uint64_t name;
  std::uint64_t id;
};

struct release_counts {
  std::uint64_t released;   ///< the receiver may use these again
  std::uint64_t forgotten;  ///< and is to drop its mappings of those
};

}  // namespace clusterless::os
