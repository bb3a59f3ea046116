// SPDX-License-Identifier: MIT
// A byte ring in shared memory with one producer and one consumer in different processes. The bytes
// are mapped twice in a row, so that every message lies in one piece. Neither end trusts the other:
// positions are checked before they are used.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace clusterless::os {

/// The shared words of one ring. Each side writes its own line only.
struct ring_control {
  alignas(64) std::atomic<std::uint64_t> head{0};  ///< bytes ever produced
  alignas(64) std::atomic<std::uint64_t> tail{0};  ///< bytes ever consumed
  alignas(64) std::atomic<std::uint32_t> reader_sleeps{0};
  std::atomic<std::uint32_t> writer_sleeps{0};
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

/// The producing end.
class ring_writer {
 public:
  ring_writer() = default;
  ring_writer(ring_control* control, std::byte* bytes, std::size_t capacity)
      : control_(control), bytes_(bytes), capacity_(capacity) {}

  /// Room for `n` bytes in one piece, or null when the reader has to catch up first.
  std::byte* room(std::size_t n) noexcept {
    if (n > capacity_ - (head_ - seen_tail_)) {
      const std::uint64_t tail = control_->tail.load(std::memory_order_acquire);
      if (tail < seen_tail_ || tail > head_) return nullptr;  // the other end has gone wild
      seen_tail_ = tail;
      if (n > capacity_ - (head_ - seen_tail_)) return nullptr;
    }
    return bytes_ + head_ % capacity_;
  }
  void publish(std::size_t n) noexcept {
    head_ += n;
    control_->head.store(head_, std::memory_order_release);
  }
  std::size_t capacity() const noexcept { return capacity_; }

 private:
  ring_control* control_ = nullptr;
  std::byte* bytes_ = nullptr;
  std::size_t capacity_ = 0;
  std::uint64_t head_ = 0;
  std::uint64_t seen_tail_ = 0;
};

/// The consuming end.
class ring_reader {
 public:
  ring_reader() = default;
  ring_reader(ring_control* control, const std::byte* bytes, std::size_t capacity)
      : control_(control), bytes_(bytes), capacity_(capacity) {}

  /// Bytes that can be read now, from data(); never more than the capacity, whatever the other
  /// end wrote.
  std::size_t available() const noexcept {
    const std::uint64_t n = written();
    return n <= capacity_ ? static_cast<std::size_t>(n) : capacity_;
  }
  /// False when the other end has gone wild: it wrote where nothing was free.
  bool sound() const noexcept { return written() <= capacity_; }
  const std::byte* data() const noexcept { return bytes_ + tail_ % capacity_; }
  void consume(std::size_t n) noexcept {
    tail_ += n;
    control_->tail.store(tail_, std::memory_order_release);
  }

 private:
  std::uint64_t written() const noexcept {
    return control_->head.load(std::memory_order_acquire) - tail_;
  }
  ring_control* control_ = nullptr;
  const std::byte* bytes_ = nullptr;
  std::size_t capacity_ = 0;
  std::uint64_t tail_ = 0;
};

}  // namespace clusterless::os
