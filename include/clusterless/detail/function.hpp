// SPDX-License-Identifier: MIT
// What can be mapped: function pointers, captureless lambdas and stateless function objects, with
// later arguments fixed by bind. A mapped function is known to all processes of one build by where
// its `entry` lies in the program's image. What may not be mapped is for checks.hpp to say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <clusterless/codec.hpp>
#include <clusterless/outcome.hpp>

namespace clusterless {

namespace detail {
template <class F, class... Bound>
struct bound_call {
  F function;
  std::tuple<Bound...> arguments;
};
template <class T>
struct is_bound : std::false_type {};
template <class F, class... B>
struct is_bound<bound_call<F, B...>> : std::true_type {};
}  // namespace detail

/// Fixes the second, third, … arguments of `f`: `pool.pmap(cl::bind(simulate, model, 0.5), shots)`
/// calls `simulate(shot, model, 0.5)`. The fixed values are copied now and sent once per job.
template <class F, class... Args>
auto bind(F f, Args&&... args) {
  return detail::bound_call<F, std::decay_t<Args>...>{f, {std::forward<Args>(args)...}};
}

namespace detail {

// --- signatures -------------------------------------------------------------------------------

template <class R, class... A>
struct signature_of {
  using returns = R;
  using parameters = std::tuple<A...>;
};
template <class T>
struct function_traits {};
template <class R, class... A>
struct function_traits<R (*)(A...)> : signature_of<R, A...> {};
template <class R, class... A>
struct function_traits<R (*)(A...) noexcept> : signature_of<R, A...> {};
template <class T>
struct call_operator {};
template <class C, class R, class... A>
struct call_operator<R (C::*)(A...) const> : signature_of<R, A...> {};
template <class C, class R, class... A>
struct call_operator<R (C::*)(A...) const noexcept> : signature_of<R, A...> {};
template <class C, class R, class... A>
struct call_operator<R (C::*)(A...)> : signature_of<R, A...> {};
template <class C, class R, class... A>
struct call_operator<R (C::*)(A...) noexcept> : signature_of<R, A...> {};

template <class T>
concept has_call_operator = requires {
  &T::operator();
};
template <has_call_operator F>
struct function_traits<F> : call_operator<decltype(&F::operator())> {};

template <class F>
concept has_signature = requires {
  typename function_traits<F>::parameters;
};

template <class T>
using stored = std::conditional_t<std::is_void_v<T>, none, std::remove_cvref_t<T>>;

// --- conversions ------------------------------------------------------------------------------

/// Integers that the floating type holds exactly: braces refuse them all the same.
template <class To, class From>
concept exact_number = std::is_floating_point_v<To> && std::is_integral_v<From> &&
                       std::numeric_limits<From>::digits <= std::numeric_limits<To>::digits;

template <class To, class From>
concept brace_convertible = requires(From&& from) {
  To{std::forward<From>(from)};
};

/// Whether a From can be given where a To is sent: the same type, or a conversion without loss.
template <class To, class From>
concept passes_as = std::is_same_v<To, std::remove_cvref_t<From>> ||
    exact_number<To, std::remove_cvref_t<From>> ||
    (brace_convertible<To, From>&& std::is_convertible_v<From, To>);

template <class To, class From>
void put_as(writer& out, From&& from) {
  if constexpr (std::is_same_v<To, std::remove_cvref_t<From>>)
    codec<To>::put(out, from);
  else
    codec<To>::put(out, static_cast<To>(std::forward<From>(from)));
}

// --- entries ----------------------------------------------------------------------------------

/// One mapped callable type, in the constant data of the program. Its offset in the image names it
/// in every process of the same build; `magic` and `self` prove that an offset leads to an entry.
struct entry {
  std::uint64_t magic;
  const entry* self;
  /// Runs the function on one item. `target`: the function pointer, or null for function objects.
  void (*invoke)(const void* target, const void* bound, reader& item, writer& out);
  void* (*decode_bound)(reader& bound);
  void (*drop_bound)(void* bound) noexcept;
  void (*schemas)(std::string& item, std::string& result);
  /// Copies an encoded item, with what lies beside it put into the bytes.
  void (*inline_item)(reader& item, writer& out);
  const char* type;  ///< the callable's type, for labels
  bool takes_target;
};
inline constexpr std::uint64_t entry_magic = 0x31'59'52'54'4e'45'4c'43;  // "CLENTRY1"

template <class T>
constexpr const char* pretty_name() {
  return __PRETTY_FUNCTION__;
}

/// The callable behind `target`.
template <class F>
F callable_at(const void* target) {
  if constexpr (std::is_pointer_v<F>)
    return reinterpret_cast<F>(const_cast<void*>(target));
  else
    return F{};
}

/// The item's parameter and the later ones; a function without parameters takes `none` as its item.
template <class Parameters>
struct split_parameters;
template <>
struct split_parameters<std::tuple<>> {
  using first = none;
  using later = std::tuple<>;
};
template <class First, class... Later>
struct split_parameters<std::tuple<First, Later...>> {
  using first = First;
  using later = std::tuple<std::remove_cvref_t<Later>...>;
};

template <class F, class... Bound>
struct entry_of {
  using traits = function_traits<F>;
  using parameters = typename traits::parameters;
  using first = typename split_parameters<parameters>::first;
  using item = std::remove_cvref_t<first>;
  using returned = stored<typename traits::returns>;
  using bound_values = typename split_parameters<parameters>::later;

  template <class... Later>
  static decltype(auto) call(const void* target, item& given, const Later&... later) {
    if constexpr (std::tuple_size_v<parameters> == 0)
      return callable_at<F>(target)();
    else
      return callable_at<F>(target)(static_cast<first&&>(given), later...);
  }
  static void invoke(const void* target, const void* bound, reader& in, writer& out) {
    item given = codec<item>::get(in);
    expect_end(in);
    std::apply(
        [&](const auto&... later) {
          if constexpr (std::is_void_v<typename traits::returns>) {
            call(target, given, later...);
            codec<none>::put(out, none{});
          } else {
            codec<returned>::put(out, call(target, given, later...));
          }
        },
        *static_cast<const bound_values*>(bound));
  }
  static void* decode_bound(reader& in) { return new bound_values(codec<bound_values>::get(in)); }
  static void drop_bound(void* bound) noexcept { delete static_cast<bound_values*>(bound); }
  static void inline_item(reader& in, writer& out) { codec<item>::put(out, codec<item>::get(in)); }
  static void schemas(std::string& of_item, std::string& of_result) {
    of_item = schema_of<item>();
    of_result = schema_of<returned>();
  }

  static const entry value;
};
template <class F, class... Bound>
constinit const entry entry_of<F, Bound...>::value = {
    entry_magic,           &entry_of::value,   &entry_of::invoke,      &entry_of::decode_bound,
    &entry_of::drop_bound, &entry_of::schemas, &entry_of::inline_item, pretty_name<F>(),
    std::is_pointer_v<F>};

/// An item that is a group of results, folded with `Op` into one.
template <class R, class Op>
struct fold_entry {
  using plain = entry_of<R (*)(const std::vector<R>&)>;
  static void invoke(const void* target, const void*, reader& in, writer& out) {
    std::vector<R> group = codec<std::vector<R>>::get(in);
    expect_end(in);
    Op op = callable_at<Op>(target);
    R total = std::move(group.at(0));
    for (std::size_t i = 1; i < group.size(); ++i)
      total = op(std::move(total), std::move(group[i]));
    codec<R>::put(out, total);
  }

  static const entry value;
};
template <class R, class Op>
constinit const entry fold_entry<R, Op>::value = {
    entry_magic,          &fold_entry::value, &fold_entry::invoke,
    &plain::decode_bound, &plain::drop_bound, &plain::schemas,
    &plain::inline_item,  pretty_name<Op>(),  std::is_pointer_v<Op>};

}  // namespace detail
}  // namespace clusterless
