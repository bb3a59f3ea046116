// SPDX-License-Identifier: MIT
// A fixed-length array of plain values that lives in shared memory, so that passing it to an item
// or returning it costs no copy between processes of one node. Copies share the memory until one of
// them is written to.
#pragma once

#include <cstddef>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

#include <clusterless/codec.hpp>

namespace clusterless {

/// `cl::array<float> wave(nt * nr);` elements start as zero. Reading is free; the first write to
/// an array whose memory is shared (sent, received or copied) makes its own copy of the data.
/// Not safe for concurrent writes, like any standard container.
template <class T>
class array {
  static_assert(std::is_trivially_copyable_v<T> && codec<T>::raw && alignof(T) <= 64,
                "clusterless: array<T> holds numbers and plain structs of numbers");

 public:
  using value_type = T;
  array() = default;
  /// `n` elements, all zero; throws std::bad_alloc.
  explicit array(std::size_t n) : array(n, uninitialized{}) {
    if (n != 0) std::memset(static_cast<void*>(memory_->data), 0, n * sizeof(T));
  }
  /// `n` elements copied from `from`.
  array(const T* from, std::size_t n) : array(n, uninitialized{}) {
    if (n != 0) std::memcpy(static_cast<void*>(memory_->data), from, n * sizeof(T));
  }
  /// `n` elements of unspecified value, to be filled by the caller.
  static array for_overwrite(std::size_t n) { return array(n, uninitialized{}); }

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  const T* data() const noexcept {
    return memory_ ? reinterpret_cast<const T*>(memory_->data) : nullptr;
  }
  T* data() {
    own();
    return memory_ ? reinterpret_cast<T*>(memory_->data) : nullptr;
  }
  const T& operator[](std::size_t i) const noexcept { return data()[i]; }
  T& operator[](std::size_t i) { return data()[i]; }
  const T* begin() const noexcept { return data(); }
  const T* end() const noexcept { return data() + size_; }
  T* begin() { return data(); }
  T* end() { return data() + size_; }

  friend bool operator==(const array& a, const array& b) {
    if (a.size_ != b.size_) return false;
    for (std::size_t i = 0; i < a.size_; ++i)
      if (!(a.data()[i] == b.data()[i])) return false;
    return true;
  }

 private:
  friend struct codec<array<T>>;
  struct uninitialized {};
  array(std::size_t n, uninitialized) : size_(n) {
    if (n == 0) return;
    if (n > static_cast<std::size_t>(-1) / sizeof(T)) throw std::bad_array_new_length();
    memory_ = detail::allocate_segment(n * sizeof(T));
  }
  void own() {
    if (!memory_ || (memory_->writable && memory_.use_count() == 1)) return;
    array copy(std::as_const(*this).data(), size_);
    *this = std::move(copy);
  }

  detail::segment_ptr memory_;
  std::size_t size_ = 0;
};

template <class T>
struct codec<array<T>> {
  static constexpr bool known = true;
  static constexpr bool raw = false;
  static void put(writer& out, const array<T>& value) {
    const std::size_t bytes = value.size() * sizeof(T);
    out.put_size(value.size());
    const bool by_reference = out.beside() != nullptr && bytes >= detail::segment_threshold;
    codec<bool>::put(out, by_reference);
    if (by_reference) {
      out.put_raw(value.memory_->id);
      out.beside()->push_back(value.memory_);
    } else {
      out.put_bytes(value.data(), bytes);
    }
  }
  static array<T> get(reader& in) {
    const auto n = in.get_raw<std::uint64_t>();
    if (!codec<bool>::get(in)) {
      if (n > in.left() / sizeof(T)) detail::throw_count(n, sizeof(T), in.left());
      array<T> value(static_cast<std::size_t>(n), typename array<T>::uninitialized{});
      const std::byte* from = in.take(static_cast<std::size_t>(n) * sizeof(T));
      if (n != 0) std::memcpy(static_cast<void*>(value.memory_->data), from, n * sizeof(T));
      return value;
    }
    const auto id = in.get_raw<std::uint64_t>();
    array<T> value;
    value.memory_ = detail::find_segment(in.beside(), id);
    if (n > value.memory_->capacity / sizeof(T))
      detail::throw_count(n, sizeof(T), value.memory_->capacity);
    value.size_ = static_cast<std::size_t>(n);
    return value;
  }
  static void schema(std::string& out) {
    out += '#';
    codec<T>::schema(out);
  }
};

}  // namespace clusterless
