// SPDX-License-Identifier: MIT
// A growable byte buffer that never fills memory before it is written. Small ones live on the heap;
// from segment_threshold on they live in a shared segment, so that other processes of the node can
// map the bytes instead of copying them. Move-only.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include <clusterless/detail/segment.hpp>

namespace clusterless::detail {

class buffer {
 public:
  buffer() = default;
  buffer(buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)),
        shared_(std::move(other.shared_)) {}
  buffer& operator=(buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    std::swap(shared_, other.shared_);
    return *this;
  }
  buffer(const buffer&) = delete;
  buffer& operator=(const buffer&) = delete;
  ~buffer() {
    if (!shared_) std::free(data_);
  }

  std::byte* data() noexcept { return data_; }
  const std::byte* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  void clear() noexcept { size_ = 0; }
  /// Cuts back to `n` bytes, n <= size().
  void shrink_to(std::size_t n) noexcept { size_ = n; }
  /// The segment the bytes lie in (from its start), or null when they are on the heap.
  const segment_ptr& shared() const noexcept { return shared_; }

  void reserve(std::size_t wanted) {
    if (wanted > capacity_) grow(wanted);
  }
  /// Adds `n` bytes of unspecified content and returns where they start.
  std::byte* extend(std::size_t n) {
    if (n > capacity_ - size_) grow(size_ + n);
    std::byte* at = data_ + size_;
    size_ += n;
    return at;
  }
  void append(const void* from, std::size_t n) {
    if (n >= large_copy)
      copy_large(extend(n), from, n);
    else if (n != 0)
      std::memcpy(extend(n), from, n);
  }

 private:
  void grow(std::size_t wanted) {
    std::size_t next = capacity_ + capacity_ / 2;
    if (next < wanted) next = wanted;
    if (next < 64) next = 64;
    if (next >= segment_threshold) return grow_shared(next);
    void* moved = std::realloc(data_, next);
    if (moved == nullptr) throw std::bad_alloc();
    data_ = static_cast<std::byte*>(moved);
    capacity_ = next;
  }
  void grow_shared(std::size_t wanted) {
    segment_ptr next = allocate_segment(wanted);
    if (size_ != 0) std::memcpy(next->data, data_, size_);
    if (!shared_) std::free(data_);
    shared_ = std::move(next);
    data_ = shared_->data;
    capacity_ = shared_->capacity;
  }

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  segment_ptr shared_;
};

}  // namespace clusterless::detail
