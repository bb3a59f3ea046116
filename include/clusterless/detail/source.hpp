// SPDX-License-Identifier: MIT
// Ranges as item sources: containers, views, generators and counts are encoded element by element
// into packs, never all at once.
#pragma once

#include <concepts>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <clusterless/broadcast.hpp>
#include <clusterless/codec.hpp>
#include <clusterless/detail/client.hpp>
#include <clusterless/detail/function.hpp>

namespace clusterless::detail {

inline const std::vector<job_ptr>& item_source::inputs() const {
  static const std::vector<job_ptr> no_jobs;
  return no_jobs;
}

template <class Item, class Element>
void put_item(writer& pack, Element&& element) {
  const std::size_t at = open_entry(pack.bytes());
  if constexpr (std::is_same_v<Item, std::remove_cvref_t<Element>>) {
    codec<Item>::put(pack, element);
  } else {
    codec<Item>::put(pack, Item{std::forward<Element>(element)});
  }
  close_entry(pack.bytes(), at);
}

/// Elements from a pair of iterators; `Owner` keeps what they point into.
template <class Item, class Iterator, class Sentinel, class Owner = none>
class range_source final : public item_source {
 public:
  range_source(Iterator first, Sentinel last, std::optional<std::size_t> size)
      : at_(std::move(first)), last_(std::move(last)), size_(size) {}
  explicit range_source(std::unique_ptr<Owner> owner, std::optional<std::size_t> size)
      : owner_(std::move(owner)), at_(owner_->begin()), last_(owner_->end()), size_(size) {}

  std::size_t fill(writer& pack, std::size_t max_items, std::size_t max_bytes, bool& end) override {
    std::size_t n = 0;
    for (; n < max_items && pack.size() < max_bytes; ++n) {
      if (at_ == last_) break;
      using element = decltype(*at_);
      if constexpr (is_result<std::remove_cvref_t<element>>::value) {
        const auto& handle = *at_;
        const std::size_t where = open_entry(pack.bytes());
        pack.put_size(inputs_.size());
        pack.put_size(handle.item());
        close_entry(pack.bytes(), where, entry_kind::reference);
        inputs_.push_back(handle.core());
      } else {
        put_item<Item>(pack, *at_);
      }
      ++at_;
    }
    end = at_ == last_;
    return n;
  }
  std::optional<std::size_t> size() const override { return size_; }
  const std::vector<job_ptr>& inputs() const override { return inputs_; }

 private:
  std::unique_ptr<Owner> owner_;
  Iterator at_;
  Sentinel last_;
  std::optional<std::size_t> size_;
  std::vector<job_ptr> inputs_;
};

/// 0 … n-1.
template <class Item, class N>
class count_source final : public item_source {
 public:
  explicit count_source(N n) : n_(n) {}
  std::size_t fill(writer& pack, std::size_t max_items, std::size_t max_bytes, bool& end) override {
    std::size_t added = 0;
    for (; added < max_items && at_ < n_ && pack.size() < max_bytes; ++added, ++at_)
      put_item<Item>(pack, static_cast<Item>(at_));
    end = !(at_ < n_);
    return added;
  }
  std::optional<std::size_t> size() const override { return static_cast<std::size_t>(n_); }

 private:
  N at_ = 0;
  N n_;
};

template <class Range>
concept iterable = requires(Range& range) {
  std::begin(range) == std::end(range);
  *std::begin(range);
};

template <class T>
concept sized = requires(const T& range) {
  { std::size(range) } -> std::convertible_to<std::size_t>;
};

template <class Range>
std::optional<std::size_t> size_of(const Range& range) {
  if constexpr (sized<Range>)
    return static_cast<std::size_t>(std::size(range));
  else
    return std::nullopt;
}

/// A container given by reference may change after the call, so it is read before the call
/// returns. Temporaries and views are kept by the job and read while it runs.
template <class Range>
inline constexpr bool read_at_once =
    std::is_lvalue_reference_v<Range> && !std::ranges::enable_view<std::remove_cvref_t<Range>>;

template <class Range>
constexpr bool check_range() {
  using T = std::remove_reference_t<Range>;
  if constexpr (!iterable<T>) {
    constexpr bool ok = iterable<T>;
    static_assert(
        ok,
        "clusterless: the second argument is not something to map over; pass a container, "
        "a view, a generator or a count");
    return ok;
  } else if constexpr (read_at_once<Range> && !sized<T>) {
    constexpr bool ok = !read_at_once<Range> || sized<T>;
    static_assert(ok,
                  "clusterless: a generator is read while the job runs, so the job must own it; "
                  "pass it with std::move");
    return ok;
  } else {
    return true;
  }
}

/// Calls `submit(source now, source later)` with the items of `range`, of type Item.
template <class Item, class Range, class Submit>
decltype(auto) with_source(Range&& range, Submit&& submit) {
  using T = std::remove_cvref_t<Range>;
  if constexpr (std::is_integral_v<T>) {
    return submit(nullptr, std::make_unique<count_source<Item, T>>(range));
  } else if constexpr (read_at_once<Range>) {
    using source = range_source<Item, decltype(std::begin(range)), decltype(std::end(range))>;
    source now(std::begin(range), std::end(range), size_of(range));
    return submit(static_cast<item_source*>(&now), std::unique_ptr<item_source>());
  } else {
    using source = range_source<Item, decltype(std::begin(std::declval<T&>())),
                                decltype(std::end(std::declval<T&>())), T>;
    auto size = size_of(range);
    auto owner = std::make_unique<T>(std::forward<Range>(range));
    return submit(nullptr, std::make_unique<source>(std::move(owner), size));
  }
}

/// A range of elements that are somewhere else.
template <class T>
struct elsewhere {
  const T* first;
  std::size_t n = 1;
  const T* begin() const { return first; }
  const T* end() const { return first + n; }
  std::size_t size() const { return n; }
};

template <class Range>
struct element_of {
  using type = decltype(*std::begin(std::declval<std::remove_reference_t<Range>&>()));
};
template <class Range>
requires std::is_integral_v<std::remove_cvref_t<Range>>
struct element_of<Range> {
  using type = std::remove_cvref_t<Range>;
};

/// All checks of a map of `F` with `Bound` over `Range`.
template <class F, class Range, class... Bound>
constexpr bool check_map() {
  if constexpr (!check_function<F, Bound...>()) {
    return false;
  } else if constexpr (std::is_integral_v<std::remove_cvref_t<Range>>) {
    using item = typename entry_of<F, Bound...>::item;
    constexpr bool ok = std::is_integral_v<item> || std::is_floating_point_v<item>;
    static_assert(ok, "clusterless: pmap(f, n) maps over 0 … n-1, so f must take a number first");
    return ok;
  } else if constexpr (!check_range<Range>()) {
    return false;
  } else {
    return check_element<typename entry_of<F, Bound...>::item, typename element_of<Range>::type>();
  }
}

template <class F>
struct callable_parts {  // F without bound arguments
  using function = F;
  template <class Range>
  static constexpr bool checked = check_map<F, Range>();
  using entry_type = entry_of<F>;
};
template <class F, class... Bound>
struct callable_parts<bound_call<F, Bound...>> {
  using function = F;
  template <class Range>
  static constexpr bool checked = check_map<F, Range, Bound...>();
  using entry_type = entry_of<F, Bound...>;
};

template <class F>
const void* target_of(const F& f) {
  if constexpr (std::is_pointer_v<F>)
    return reinterpret_cast<const void*>(f);
  else
    return nullptr;
}

/// What a job needs to know of `f`, a callable or the result of bind.
template <class F>
call make_call(const F& f) {
  using parts = callable_parts<F>;
  call what;
  what.function = &parts::entry_type::value;
  if constexpr (is_bound<F>::value) {
    what.target = target_of(f.function);
    broadcast_collector collect(what.keep);
    writer out(what.bound);
    using values = typename parts::entry_type::bound_values;
    std::apply([&out](const auto&... given) { codec<values>::put(out, values(given...)); },
               f.arguments);
  } else {
    what.target = target_of(f);
  }
  return what;
}

}  // namespace clusterless::detail
