// SPDX-License-Identifier: MIT
// What can be mapped: function pointers, captureless lambdas and stateless function objects, with
// later arguments fixed by bind. Every compile-time message of the library is in this file. A
// mapped function is known to all processes of one build by where its `entry` lies in the program's
// image.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
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

template <class R>
class result;  // job.hpp

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
template <class F>
requires requires {
  &F::operator();
}
struct function_traits<F> : call_operator<decltype(&F::operator())> {};

template <class F>
concept has_signature = requires {
  typename function_traits<F>::parameters;
};

template <class T>
concept has_call_operator = requires {
  &T::operator();
};

template <class T>
struct is_string_view : std::false_type {};
template <class C, class Tr>
struct is_string_view<std::basic_string_view<C, Tr>> : std::true_type {};
template <class T>
concept view_like = is_string_view<T>::value ||
    (std::is_class_v<T>&& std::is_trivially_copyable_v<T>&& requires(const T& v) {
      v.data();
      v.size();
      v.subspan(0);
    });

template <class T>
struct is_result : std::false_type {};
template <class R>
struct is_result<result<R>> : std::true_type {
  using type = R;
};

template <class T>
using stored = std::conditional_t<std::is_void_v<T>, none, std::remove_cvref_t<T>>;

// --- checks: each reports once and returns whether to go on -----------------------------------

template <class F>
constexpr bool check_callable() {
  if constexpr (std::is_member_function_pointer_v<F>) {
    constexpr bool ok = !std::is_member_function_pointer_v<F>;
    static_assert(ok,
                  "clusterless: a member function cannot be mapped; map a captureless lambda that "
                  "takes the object as its argument: [](const T& t) { return t.f(); }");
    return ok;
  } else if constexpr (std::is_class_v<F> && !std::is_empty_v<F>) {
    constexpr bool ok = !std::is_class_v<F>;
    static_assert(ok,
                  "clusterless: this lambda or function object has captures or members, which do "
                  "not travel; pass values with clusterless::bind(f, value...) or pool.broadcast");
    return ok;
  } else if constexpr (std::is_class_v<F> && !has_call_operator<F>) {
    constexpr bool ok = !std::is_class_v<F>;
    static_assert(ok,
                  "clusterless: the parameter types of this callable are not known (generic lambda "
                  "or overloaded operator()); spell them out: [](const double& x) { … }");
    return ok;
  } else if constexpr (!has_signature<F>) {
    constexpr bool ok = has_signature<F>;
    static_assert(ok,
                  "clusterless: this cannot be mapped; map a function, a captureless lambda or a "
                  "stateless function object");
    return ok;
  } else if constexpr (std::is_class_v<F> && !std::is_default_constructible_v<F>) {
    constexpr bool ok = std::is_default_constructible_v<F>;
    static_assert(ok,
                  "clusterless: this function object cannot be made on a node, because it has no "
                  "default constructor; map a function or a captureless lambda");
    return ok;
  } else {
    return true;
  }
}

template <class P>
constexpr bool check_parameter() {
  using T = std::remove_cvref_t<P>;
  if constexpr (std::is_lvalue_reference_v<P> && !std::is_const_v<std::remove_reference_t<P>>) {
    constexpr bool ok = !std::is_lvalue_reference_v<P>;
    static_assert(ok,
                  "clusterless: a parameter is a non-const reference, and what is written to it "
                  "stays on the node; take a value or a const reference and return the result");
    return ok;
  } else if constexpr (std::is_pointer_v<T>) {
    constexpr bool ok = !std::is_pointer_v<T>;
    static_assert(
        ok,
        "clusterless: a parameter is a pointer, which means nothing on another node; take "
        "the value (std::string, std::vector, a struct)");
    return ok;
  } else if constexpr (view_like<T>) {
    constexpr bool ok = !view_like<T>;
    static_assert(
        ok,
        "clusterless: a parameter is a view, which owns nothing to send; take std::string, "
        "std::vector or clusterless::array");
    return ok;
  } else {
    constexpr bool ok = codec<T>::known;
    static_assert(ok,
                  "clusterless: a parameter type cannot be sent; use numbers, strings, std "
                  "containers (maps and sets: include <clusterless/codec_std.hpp>), plain structs "
                  "of these, or specialise clusterless::codec<T>");
    return ok;
  }
}

template <class R>
constexpr bool check_result() {
  using T = stored<R>;
  if constexpr (std::is_reference_v<R> || std::is_pointer_v<T> || view_like<T>) {
    constexpr bool ok = !(std::is_reference_v<R> || std::is_pointer_v<T> || view_like<T>);
    static_assert(ok,
                  "clusterless: the function returns a reference, pointer or view into the node's "
                  "memory; return the value");
    return ok;
  } else {
    constexpr bool ok = codec<T>::known;
    static_assert(ok,
                  "clusterless: the result type cannot be sent back; return numbers, strings, std "
                  "containers (maps and sets: include <clusterless/codec_std.hpp>), plain structs "
                  "of these, or specialise clusterless::codec<T>");
    return ok;
  }
}

template <class Parameters, std::size_t... I>
constexpr bool check_parameters(std::index_sequence<I...>) {
  return (check_parameter<std::tuple_element_t<I, Parameters>>() && ...);
}

template <class To, class From>
concept brace_convertible = requires(From&& from) {
  To{std::forward<From>(from)};
}
|| requires(From&& from) {
  To(std::move(from));
}
&&std::is_same_v<To, std::remove_cvref_t<From>>;

template <class To, class From>
concept passes_as = std::is_same_v<To, std::remove_cvref_t<From>> ||
    (brace_convertible<To, From>&& std::is_convertible_v<From, To>);

template <class Parameters, class... Bound, std::size_t... I>
constexpr bool bound_pass(std::index_sequence<I...>) {
  return (passes_as<std::remove_cvref_t<std::tuple_element_t<I + 1, Parameters>>, const Bound&> &&
          ...);
}

/// All checks of a callable with bound arguments; true when a map may be built from it.
template <class F, class... Bound>
constexpr bool check_function() {
  if constexpr (!check_callable<F>()) {
    return false;
  } else {
    using traits = function_traits<F>;
    using parameters = typename traits::parameters;
    constexpr std::size_t n = std::tuple_size_v<parameters>;
    if constexpr (n != sizeof...(Bound) + 1) {
      constexpr bool ok = n == sizeof...(Bound) + 1;
      static_assert(ok,
                    "clusterless: the mapped function must take the item first and then exactly "
                    "the arguments fixed with clusterless::bind");
      return ok;
    } else if constexpr (!check_parameters<parameters>(std::make_index_sequence<n>{})) {
      return false;
    } else if constexpr (!bound_pass<parameters, Bound...>(std::index_sequence_for<Bound...>{})) {
      constexpr bool ok = bound_pass<parameters, Bound...>(std::index_sequence_for<Bound...>{});
      static_assert(ok,
                    "clusterless: a value given to clusterless::bind does not convert to its "
                    "parameter without loss; give a value of the parameter's type");
      return ok;
    } else {
      return check_result<typename traits::returns>();
    }
  }
}

/// Whether elements of a range can be passed as items.
template <class Item, class Element>
constexpr bool check_element() {
  using T = std::remove_cvref_t<Element>;
  if constexpr (is_result<T>::value) {
    constexpr bool ok = std::is_same_v<typename is_result<T>::type, Item>;
    static_assert(
        ok, "clusterless: the results passed as items are not of the type the function takes");
    return ok;
  } else {
    constexpr bool ok = passes_as<Item, Element>;
    static_assert(ok,
                  "clusterless: an element of the range does not convert to the function's first "
                  "parameter without loss; map over a range of that type");
    return ok;
  }
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
  const char* type;  ///< the callable's type, for labels
  bool takes_target;
};
inline constexpr std::uint64_t entry_magic = 0x31'59'52'54'4e'45'4c'43;  // "CLENTRY1"

template <class F, class... Bound>
struct entry_of {
  using traits = function_traits<F>;
  using parameters = typename traits::parameters;
  using item = std::remove_cvref_t<std::tuple_element_t<0, parameters>>;
  using returned = stored<typename traits::returns>;
  template <class Tuple>
  struct rest;
  template <class First, class... Rest>
  struct rest<std::tuple<First, Rest...>> {
    using type = std::tuple<std::remove_cvref_t<Rest>...>;
  };
  using bound_values = typename rest<parameters>::type;

  static F callable(const void* target) {
    if constexpr (std::is_pointer_v<F>)
      return reinterpret_cast<F>(const_cast<void*>(target));
    else
      return F{};
  }
  static void invoke(const void* target, const void* bound, reader& in, writer& out) {
    item value = codec<item>::get(in);
    expect_end(in);
    const auto& fixed = *static_cast<const bound_values*>(bound);
    std::apply(
        [&](const auto&... later) {
          using first = std::tuple_element_t<0, parameters>;
          if constexpr (std::is_void_v<typename traits::returns>) {
            callable(target)(static_cast<first&&>(value), later...);
            codec<none>::put(out, none{});
          } else {
            codec<returned>::put(out, callable(target)(static_cast<first&&>(value), later...));
          }
        },
        fixed);
  }
  static void* decode_bound(reader& in) {
    auto* values = new bound_values(codec<bound_values>::get(in));
    return values;
  }
  static void drop_bound(void* bound) noexcept { delete static_cast<bound_values*>(bound); }
  static void schemas(std::string& of_item, std::string& of_result) {
    of_item = schema_of<item>();
    of_result = schema_of<returned>();
  }

  static const entry value;
};
template <class T>
constexpr const char* pretty_name() {
  return __PRETTY_FUNCTION__;
}
template <class F, class... Bound>
constinit const entry entry_of<F, Bound...>::value = {
    entry_magic,           &entry_of::value,   &entry_of::invoke, &entry_of::decode_bound,
    &entry_of::drop_bound, &entry_of::schemas, pretty_name<F>(),  std::is_pointer_v<F>};

}  // namespace detail
}  // namespace clusterless
