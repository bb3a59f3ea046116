// SPDX-License-Identifier: MIT
// Shared memory segments of this process, and mappings of those that other processes sent. A fresh
// page costs several times a copy into a used one, so segments are recycled, not freed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include <clusterless/detail/segment.hpp>

namespace clusterless::os {

/// A segment with the descriptor that other processes map it by.
struct shared_segment : detail::segment {
  int fd = -1;
  std::uint64_t name = 0;    ///< by which processes know it; unique on this node
  std::size_t gathered = 0;  ///< bytes from its start that were made huge pages, or were tried
};

/// The part of a segment that crosses processes, whoever made it.
inline const shared_segment& shared_part(const detail::segment& of) {
  return static_cast<const shared_segment&>(of);
}

/// Bytes of unused segments that are kept for the next use.
std::size_t recycled_limit();

/// Segments received over one channel. Mappings are kept for the next time the sender uses the same
/// segment, until it says forget; it learns through take_released() when it may do either.
class received_segments : public std::enable_shared_from_this<received_segments> {
 public:
  ~received_segments();
  bool known(std::uint64_t name) const;
  /// Maps a segment that has just been received; takes over `fd`. One of that name that is
  /// there already stays. False when it cannot be mapped.
  bool add(std::uint64_t name, int fd, std::size_t capacity, bool writable);
  /// A use of a known segment; null when it is not known. Uses are counted by the sender, so each
  /// call is answered by one name from take_released() after the last holder let go.
  detail::segment_ptr use(std::uint64_t name, std::uint64_t id);
  /// Names let go since the last call.
  void take_released(std::vector<std::uint64_t>& released);
  /// Drops the mapping of a segment that is in no use.
  void forget(std::uint64_t name);
  bool any_released() const;

 private:
  struct mapping {
    std::byte* data = nullptr;
    std::size_t capacity = 0;
    int fd = -1;
    int holders = 0;
  };
  struct use_of;
  void let_go(std::uint64_t name);

  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, mapping> mappings_;
  std::vector<std::uint64_t> released_;
};

}  // namespace clusterless::os
