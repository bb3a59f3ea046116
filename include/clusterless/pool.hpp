// SPDX-License-Identifier: MIT
// pool: a set of nodes on an engine, to map over. A movable handle; the nodes go with the last one.
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <clusterless/broadcast.hpp>
#include <clusterless/detail/source.hpp>
#include <clusterless/job.hpp>

namespace clusterless {

namespace detail {
template <class T>
concept path_like = std::is_convertible_v<const T&, std::string>;
}

/// Nodes on an engine. Made by create_pool; moved, not copied. Its nodes go when the handle and the
/// jobs that were submitted through it are gone, or with destroy().
class pool {
 public:
  explicit pool(std::shared_ptr<detail::pool_core> core) : core_(std::move(core)) {}
  pool(pool&&) = default;
  pool& operator=(pool&&) = default;

  /// Maps `f` over `items` on this pool and returns at once. `items` is a container (read before
  /// the call returns), a temporary, view or generator (kept by the job and read while it runs,
  /// from another thread), or a count n for 0 … n-1. A view must stay valid until the job has
  /// ended. Throws `error` for options that cannot be met.
  template <class F, class Range>
  auto pmap(F f, Range&& items, const map_options& options = {}) {
    using parts = detail::callable_parts<F>;
    if constexpr (parts::template checked<Range&&>) {
      using item = typename parts::entry_type::item;
      using R = typename parts::entry_type::returned;
      auto what = detail::make_call(f);
      return detail::with_source<item>(
          std::forward<Range>(items),
          [&](detail::item_source* now, std::unique_ptr<detail::item_source> later) {
            return job<R>(core_->submit(std::move(what), now, std::move(later), options));
          });
    } else {
      return detail::refuse<job, typename parts::function, Range&&>();
    }
  }
  template <class F, class T>
  auto pmap(F f, std::initializer_list<T> items, const map_options& options = {}) {
    const detail::elsewhere<T> given{items.begin(), items.size()};
    return pmap(f, given, options);
  }

  /// A job of one item: `pool.run(f, a, b)` calls f(a, b) on a node.
  template <class F, class First, class... Rest>
  auto run(F f, First&& first, Rest&&... rest) {
    using T = std::decay_t<First>;
    const T item(std::forward<First>(first));
    const detail::elsewhere<T> one{&item};
    if constexpr (sizeof...(Rest) == 0)
      return pmap(f, one);
    else
      return pmap(clusterless::bind(f, std::forward<Rest>(rest)...), one);
  }
  template <class F>
  auto run(F f) {
    using parts = detail::callable_parts<F>;
    if constexpr (parts::checked_alone) {
      using R = typename parts::entry_type::returned;
      const none nothing;
      const detail::elsewhere<none> one{&nothing};
      return detail::with_source<none>(
          one, [&](detail::item_source* now, std::unique_ptr<detail::item_source> later) {
            return job<R>(core_->submit(detail::make_call(f), now, std::move(later), {}));
          });
    } else {
      return detail::refuse<job, F, void>();
    }
  }

  /// Stores `value` once in this pool, under the hash of its contents; one that holds large
  /// `array`s under a name of its own, because their memory is shared as it is.
  template <class T>
  broadcast<T> broadcast(T value) {
    if constexpr (detail::check_value<T>()) {
      clusterless::broadcast<T> handle;
      detail::buffer bytes;
      detail::segment_list beside;
      writer out(bytes, &beside);
      codec<T>::put(out, value);
      handle.stored_ =
          core_->broadcast(std::move(bytes), std::move(beside), schema_of<T>(), handle.key_);
      handle.value_ = std::make_shared<const T>(std::move(value));
      return handle;
    } else {
      return detail::never<clusterless::broadcast<T>>();
    }
  }

  int pools() const { return core_->pools(); }
  int nodes() const { return core_->nodes(); }  ///< of each pool
  /// Changes the number of nodes of each pool. Nodes that go finish the task they run. Throws
  /// `error` when a running job has tasks of more nodes.
  /// Dedicated nodes stay or go first where the pool has spot nodes too, unless `spot_nodes` says
  /// how many of the nodes are to be spot ones.
  void resize(int nodes, std::optional<int> spot_nodes = {}) { core_->resize(nodes, spot_nodes); }
  /// Ends all jobs of this pool and its nodes.
  void destroy() { core_->destroy(); }
  const std::shared_ptr<detail::pool_core>& core() const noexcept { return core_; }

 private:
  std::shared_ptr<detail::pool_core> core_;
};

/// Makes the pools that parameters.json (path in PARAMETERS) asks for, or takes up existing ones.
/// `startup_script` is run once on every node before its first item. Throws `error`.
inline pool create_pool(const pool_options& options = {}) {
  return pool(detail::open_pool(options));
}
// A template, because g++ takes {.nodes = 4, .pools = 2} for the arguments of std::string too.
template <detail::path_like Path>
pool create_pool(const Path& startup_script, pool_options options = {}) {
  options.startup_script = startup_script;
  return pool(detail::open_pool(options));
}

namespace testing {
/// Loses a node (both from 1) as a preemption would: everything on it ends at once and the items it
/// ran are run elsewhere. For trying out what a program does then.
inline void lose_node(pool& on, int pool_number, int node) {
  on.core()->lose_node(pool_number, node);
}
}  // namespace testing

}  // namespace clusterless
