// SPDX-License-Identifier: MIT
// Ranges as item sources: containers, views, generators and counts are encoded element by element
// into packs, never all at once.
#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <clusterless/broadcast.hpp>
#include <clusterless/codec.hpp>
#include <clusterless/detail/checks.hpp>
#include <clusterless/detail/client.hpp>
#include <clusterless/detail/function.hpp>

namespace clusterless::detail {

template <class Item, class Element>
void put_item(writer& pack, Element&& element) {
  const std::size_t at = open_entry(pack.bytes());
  put_as<Item>(pack, std::forward<Element>(element));
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
  bool at_hand() const override {
    using element = decltype(*at_);
    return std::forward_iterator<Iterator> && std::is_lvalue_reference_v<element> &&
           !is_result<std::remove_cvref_t<element>>::value;
  }
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
  explicit count_source(N n) : n_(n) {
    if (std::cmp_less(n, 0)) throw_misuse("pmap(f, n) maps over 0 ... n-1, but n is negative");
    if (n != 0 && !fits(n - 1))
      throw_misuse("pmap(f, n) maps over 0 ... n-1, but n-1 does not fit f's parameter");
  }
  std::size_t fill(writer& pack, std::size_t max_items, std::size_t max_bytes, bool& end) override {
    std::size_t added = 0;
    for (; added < max_items && at_ < n_ && pack.size() < max_bytes; ++added, ++at_)
      put_item<Item>(pack, static_cast<Item>(at_));
    end = !(at_ < n_);
    return added;
  }
  std::optional<std::size_t> size() const override { return static_cast<std::size_t>(n_); }
  bool at_hand() const override { return true; }

 private:
  static bool fits(N last) {
    if constexpr (exact_number<Item, N>)
      return true;
    else if constexpr (std::is_floating_point_v<Item>)
      return last <= N{1} << std::numeric_limits<Item>::digits;
    else
      return static_cast<N>(static_cast<Item>(last)) == last;
  }
  N at_ = 0;
  N n_;
};

template <class Range>
std::optional<std::size_t> size_of(const Range& range) {
  if constexpr (sized<Range>)
    return static_cast<std::size_t>(std::size(range));
  else
    return std::nullopt;
}

/// Containers of results are copied, as handles cost little: to read one means to wait for its
/// values.
template <class Range>
inline constexpr bool copied_handles = is_result<std::remove_cvref_t<decltype(*std::begin(
    std::declval<std::remove_cvref_t<Range>&>()))>>::value&&
    std::is_copy_constructible_v<std::remove_cvref_t<Range>>;

/// Calls `submit(source now, source later)` with the items of `range`, of type Item.
template <class Item, class Range, class Submit>
decltype(auto) with_source(Range&& range, Submit&& submit) {
  using T = std::remove_cvref_t<Range>;
  if constexpr (counting<Range>) {
    return submit(nullptr, std::make_unique<count_source<Item, T>>(range));
  } else if constexpr (read_at_once<Range> && !copied_handles<Range>) {
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

template <class F>
struct callable_parts {  // F without bound arguments
  using function = F;
  template <class Range>
  static constexpr bool checked = check_map<F, Range>();
  static constexpr bool checked_alone = check_function<false, F>();
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

template <class... Values, class... Given>
void put_bound(writer& out, std::type_identity<std::tuple<Values...>>, const Given&... given) {
  (put_as<Values>(out, given), ...);
}

/// What a job needs to know of `f`, a callable or the result of bind.
template <class F>
call make_call(const F& f) {
  using entry_type = typename callable_parts<F>::entry_type;
  call what;
  what.function = &entry_type::value;
  if constexpr (is_bound<F>::value) {
    what.target = target_of(f.function);
    broadcast_collector collect(what.keep);
    writer out(what.bound);
    std::apply(
        [&out](const auto&... given) {
          put_bound(out, std::type_identity<typename entry_type::bound_values>{}, given...);
        },
        f.arguments);
  } else {
    what.target = target_of(f);
  }
  return what;
}

}  // namespace clusterless::detail
