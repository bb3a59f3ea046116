// SPDX-License-Identifier: MIT
// A value stored once per pool and read by many items: sent once to a node, decoded at most once in
// a worker process, its bytes shared read-only by all workers of the node.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <clusterless/codec.hpp>

namespace clusterless {

namespace detail {

/// While one exists on this thread, broadcasts that are encoded are added to `keep`.
class broadcast_collector {
 public:
  explicit broadcast_collector(std::vector<std::shared_ptr<const void>>& keep);
  ~broadcast_collector();
  broadcast_collector(const broadcast_collector&) = delete;
  broadcast_collector& operator=(const broadcast_collector&) = delete;

 private:
  std::vector<std::shared_ptr<const void>>* before_;
};
void collect_broadcast(const std::shared_ptr<const void>& stored);

using decode_broadcast = std::shared_ptr<const void> (*)(reader&);
/// The decoded value under `key`, from this process's cache or fetched from the node.
std::shared_ptr<const void> broadcast_value(const std::uint64_t (&key)[2], decode_broadcast decode);

}  // namespace detail

/// A handle of a broadcast value. Made by pool.broadcast; pass it to items or to bind. The value is
/// freed when the last handle and the last job that uses it are gone.
template <class T>
class broadcast {
 public:
  const T& operator*() const { return *get(); }
  const T* operator->() const { return get(); }

 private:
  friend class pool;
  friend struct codec<broadcast<T>>;
  broadcast() = default;
  const T* get() const {
    if (!value_)
      value_ = detail::broadcast_value(key_, [](reader& in) {
        return std::shared_ptr<const void>(std::make_shared<const T>(codec<T>::get(in)));
      });
    return static_cast<const T*>(value_.get());
  }

  std::uint64_t key_[2] = {};
  std::shared_ptr<const void> stored_;
  mutable std::shared_ptr<const void> value_;
};

template <class T>
struct codec<broadcast<T>> {
  static constexpr bool known = codec<T>::known;
  static constexpr bool raw = false;
  static void put(writer& out, const broadcast<T>& value) {
    out.put_raw(value.key_);
    if (value.stored_) detail::collect_broadcast(value.stored_);
  }
  static broadcast<T> get(reader& in) {
    broadcast<T> value;
    const std::byte* key = in.take(sizeof value.key_);
    std::memcpy(value.key_, key, sizeof value.key_);
    return value;
  }
  static void schema(std::string& out) {
    out += '@';
    codec<T>::schema(out);
  }
};

}  // namespace clusterless
