// SPDX-License-Identifier: MIT
// The fields of a plain aggregate, without macros: how many there are, their types, and a visit.
// Structs with C arrays, base classes, references or more than 24 fields are not seen through:
// their field_count is 0.
#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace clusterless::detail {

inline constexpr std::size_t max_fields = 24;

struct any_field {
  // Never called. It has a body because clang wants one for types of an unnamed namespace.
  template <class T>
  operator T() const noexcept {
    __builtin_trap();
  }
};
/// Becomes a base class of T and nothing else.
template <class T>
struct any_base {
  template <class Base>
  requires(std::is_base_of_v<Base, T> && !std::is_same_v<Base, T>) constexpr operator Base()
      const noexcept;
};

template <class T, std::size_t... I>
constexpr bool braces_take(std::index_sequence<I...>) {
  return requires {
    T{((void)I, any_field{})...};
  };
}

template <class T, std::size_t N = max_fields + 1>
constexpr std::size_t braced_count() {
  if constexpr (N == 0)
    return 0;
  else if constexpr (braces_take<T>(std::make_index_sequence<N>{}))
    return N;
  else
    return braced_count<T, N - 1>();
}

/// Whether braces take `Before` values, an empty pair of braces, and `After` values.
template <class T, std::size_t... Before, std::size_t... After>
constexpr bool braces_take_empty(std::index_sequence<Before...>, std::index_sequence<After...>) {
  return requires {
    T{((void)Before, any_field{})..., {}, ((void)After, any_field{})...};
  };
}
/// Braces count a C array by its elements, but {} in the place of the first stands for all.
template <class T, std::size_t I, std::size_t After>
constexpr bool array_begins_at() {
  using before = std::make_index_sequence<I>;
  if constexpr (braces_take_empty<T>(before{}, std::make_index_sequence<After>{}))
    return false;
  else
    return []<std::size_t... Less>(std::index_sequence<Less...>) {
      return (braces_take_empty<T>(before{}, std::make_index_sequence<Less>{}) || ...);
    }
  (std::make_index_sequence<After>{});
}
template <class T, std::size_t... I>
constexpr bool has_array(std::index_sequence<I...>) {
  return (array_begins_at<T, I, sizeof...(I) - 1 - I>() || ...);
}

/// Number of fields, 1 to 24, or 0 when the aggregate is not one we can take apart.
template <class T>
constexpr std::size_t field_count() {
  constexpr std::size_t n = braced_count<T>();
  if constexpr (n == 0 || n > max_fields)
    return 0;
  else if constexpr (requires { T{any_base<T>{}}; } || has_array<T>(std::make_index_sequence<n>{}))
    return 0;
  else
    return n;
}

/// Calls `visit(field...)` with references to all fields of `value`.
template <class T, class Visit>
constexpr decltype(auto) for_fields(T&& value, Visit&& visit) {
  constexpr std::size_t n = field_count<std::remove_cvref_t<T>>();
  if constexpr (n == 1) {
    auto& [f1] = value;
    return visit(f1);
  } else if constexpr (n == 2) {
    auto& [f1, f2] = value;
    return visit(f1, f2);
  } else if constexpr (n == 3) {
    auto& [f1, f2, f3] = value;
    return visit(f1, f2, f3);
  } else if constexpr (n == 4) {
    auto& [f1, f2, f3, f4] = value;
    return visit(f1, f2, f3, f4);
  } else if constexpr (n == 5) {
    auto& [f1, f2, f3, f4, f5] = value;
    return visit(f1, f2, f3, f4, f5);
  } else if constexpr (n == 6) {
    auto& [f1, f2, f3, f4, f5, f6] = value;
    return visit(f1, f2, f3, f4, f5, f6);
  } else if constexpr (n == 7) {
    auto& [f1, f2, f3, f4, f5, f6, f7] = value;
    return visit(f1, f2, f3, f4, f5, f6, f7);
  } else if constexpr (n == 8) {
    auto& [f1, f2, f3, f4, f5, f6, f7, f8] = value;
    return visit(f1, f2, f3, f4, f5, f6, f7, f8);
  } else if constexpr (n == 9) {
    auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9] = value;
    return visit(f1, f2, f3, f4, f5, f6, f7, f8, f9);
  } else if constexpr (n == 10) {
    auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10] = value;
    return visit(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10);
  } else if constexpr (n == 11) {
    auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11] = value;
    return visit(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11);
  } else if constexpr (n == 12) {
    auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12] = value;
    return visit(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12);
  } else if constexpr (n == 13) {
    auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13] = value;
    return visit(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13);
  } else if constexpr (n == 14) {
    auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14] = value;
    return visit(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14);
  } else if constexpr (n == 15) {
    auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15] = value;
    return visit(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15);
  } else if constexpr (n == 16) {
    auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16] = value;
    return visit(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16);
  } else if constexpr (n == 17) {
    auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17] = value;
    return visit(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17);
  } else if constexpr (n == 18) {
    auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18] = value;
    return visit(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18);
  } else if constexpr (n == 19) {
    auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19] =
        value;
    return visit(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18,
                 f19);
  } else if constexpr (n == 20) {
    auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19,
           f20] = value;
    return visit(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18,
                 f19, f20);
  } else if constexpr (n == 21) {
    auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19,
           f20, f21] = value;
    return visit(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18,
                 f19, f20, f21);
  } else if constexpr (n == 22) {
    auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19,
           f20, f21, f22] = value;
    return visit(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18,
                 f19, f20, f21, f22);
  } else if constexpr (n == 23) {
    auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19,
           f20, f21, f22, f23] = value;
    return visit(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18,
                 f19, f20, f21, f22, f23);
  } else if constexpr (n == 24) {
    auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19,
           f20, f21, f22, f23, f24] = value;
    return visit(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18,
                 f19, f20, f21, f22, f23, f24);
  }
}

struct tuple_of_fields {
  template <class... Fs>
  constexpr auto operator()(const Fs&...) const {  // const, so that bit-fields are taken too
    return std::type_identity<std::tuple<std::remove_cvref_t<Fs>...>>{};
  }
};

template <class T>
using field_types =
    typename decltype(for_fields(std::declval<T&>(), std::declval<tuple_of_fields>()))::type;

}  // namespace clusterless::detail
