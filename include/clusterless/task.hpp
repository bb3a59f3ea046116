// SPDX-License-Identifier: MIT
// What a function may ask and do while it runs as an item: who and where it is, and nested maps
// over the workers of its task. Outside of a task process 1 is alone and nested maps run in place.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include <clusterless/detail/source.hpp>
#include <clusterless/job.hpp>

namespace clusterless {

/// This process's number in its task: 1 runs the item, 2 … nprocs() run nested maps.
int myid();
/// Processes of the task: 1 + nodes x procs_per_node.
int nprocs();
/// The numbers of the workers: 2 … nprocs(), or {1} when there are none.
std::vector<int> workers();
/// The names of the task's nodes, the primary first.
std::vector<std::string> nodes();
/// The name of the node this process is on.
std::string node();
/// Tells how far the item is, 0 to 1, with a few words; counts in what the client shows.
void progress(double fraction, const std::string& text = {});
/// A directory of this item alone, made when first asked for and removed after the item.
std::string scratch_dir();
/// The number of this attempt of the item, from 1.
int attempt();
/// True when the job was cancelled or the task is about to end: finish early and return.
bool stop_requested();

namespace detail {

/// Runs a nested map and calls `use(job_core&)`; `pinned`: the worker that must run it, 0: any.
template <class F, class Range, class Use>
auto nested(const F& f, Range&& items, int pinned, const map_options& options, Use&& use) {
  using item = typename callable_parts<F>::entry_type::item;
  auto what = make_call(f);
  return with_source<item>(
      std::forward<Range>(items), [&](item_source* now, std::unique_ptr<item_source> later) {
        auto core = submit_nested(std::move(what), now ? *now : *later, pinned, options);
        return use(*core);
      });
}

template <class F, class Range>
auto nested_values(const F& f, Range&& items, int pinned, const map_options& options) {
  using R = typename callable_parts<F>::entry_type::returned;
  return nested(f, std::forward<Range>(items), pinned, options,
                [](job_core& core) { return all_values<R>(core); });
}
template <class F, class T>
auto nested_value(const F& f, const T& item, int worker) {
  if (worker == 0) throw_misuse("remote_call: there is no process 0; they are counted from 1");
  using R = typename callable_parts<F>::entry_type::returned;
  const elsewhere<T> one{&item};
  return static_cast<R>(std::move(nested_values(f, one, worker, {}).front()));
}

}  // namespace detail

/// Maps `f` over `items` on the workers of this task and returns the values in input order. A
/// worker that waits runs items of its own map, so maps nest to any depth. Throws the remote_error
/// of the lowest failed item.
template <class F, class Range>
auto pmap(F f, Range&& items, const map_options& options = {}) {
  using parts = detail::callable_parts<F>;
  if constexpr (parts::template checked<Range&&>)
    return detail::nested_values(f, std::forward<Range>(items), 0, options);
  else
    return detail::refuse<std::vector, typename parts::function, Range&&>();
}
template <class F, class T>
auto pmap(F f, std::initializer_list<T> items, const map_options& options = {}) {
  const detail::elsewhere<T> given{items.begin(), items.size()};
  return pmap(f, given, options);
}

/// Maps `f` over `items` on the workers of this task and folds the values in input order, keeping
/// few of them at a time.
template <class F, class Range, class T, class Op>
T map_reduce(F f, Range&& items, T init, const Op& op, const map_options& options = {}) {
  using parts = detail::callable_parts<F>;
  if constexpr (parts::template checked<Range&&>) {
    using R = typename parts::entry_type::returned;
    if constexpr (detail::check_fold<T, R, Op>())
      return detail::nested(f, std::forward<Range>(items), 0, options, [&](detail::job_core& core) {
        return detail::fold_values<R>(core, std::move(init), op);
      });
  }
  return init;
}

/// Calls f(first, rest…) on process `worker` of this task and returns its value.
template <class F, class First, class... Rest>
auto remote_call(int worker, F f, First&& first, Rest&&... rest) {
  using T = std::decay_t<First>;
  const T item(std::forward<First>(first));
  const auto call_with = [&](const auto& g) {
    using parts = detail::callable_parts<std::decay_t<decltype(g)>>;
    if constexpr (parts::template checked<const detail::elsewhere<T>&>)
      return detail::nested_value(g, item, worker);
    else
      return detail::never<typename detail::hoped_for<F, const First&, const Rest&...>::type>();
  };
  if constexpr (sizeof...(Rest) == 0)
    return call_with(f);
  else
    return call_with(clusterless::bind(f, std::forward<Rest>(rest)...));
}
template <class F>
auto remote_call(int worker, F f) {
  if constexpr (detail::callable_parts<F>::checked_alone)
    return detail::nested_value(f, none{}, worker);
  else
    return detail::never<typename detail::hoped_for<F>::type>();
}

}  // namespace clusterless
