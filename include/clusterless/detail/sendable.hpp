// SPDX-License-Identifier: MIT
// Which values can be sent, looked at in depth: the message names the innermost type that cannot.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>

#include <clusterless/codec.hpp>
#include <clusterless/detail/aggregate.hpp>

namespace clusterless::detail {

/// False, but only known to be once the types are: for the static_asserts of this file.
template <class...>
inline constexpr bool fine = false;

template <class T>
struct is_string_view : std::false_type {};
template <class C, class Tr>
struct is_string_view<std::basic_string_view<C, Tr>> : std::true_type {};
template <class T>
concept span_like = std::is_class_v<T> && std::is_trivially_copyable_v<T> && requires(const T& v) {
  v.data();
  v.size();
  v.subspan(0);
};
template <class T>
concept view_like = is_string_view<T>::value || span_like<T>;

template <class T>
concept taken_apart = has_fields<T>();

/// The innermost type that keeps T from being sent, to be shown in the message.
template <class T>
struct culprit {
  using type = T;
};
template <class... Ts>
struct first_culprit;
template <class T, class... Ts>
struct first_culprit<T, Ts...> {
  using type = typename std::conditional_t<codec<T>::known, first_culprit<Ts...>, culprit<T>>::type;
};
template <template <class...> class Of, class... Ts>
requires(!std::is_base_of_v<no_codec<Of<Ts...>>, codec<Of<Ts...>>>) struct culprit<Of<Ts...>>
    : first_culprit<Ts...> {
};
template <class T, std::size_t N>
struct culprit<std::array<T, N>> : culprit<T> {};
template <taken_apart T>
struct culprit<T> : culprit<field_types<T>> {};

template <class T, class... Outer>
constexpr bool contains_one_of();
template <class T>
struct parts_of {
  template <class...>
  static constexpr bool contain = false;
};
template <template <class...> class Of, class... Ts>
struct parts_of<Of<Ts...>> {
  template <class... Outer>
  static constexpr bool contain = (contains_one_of<Ts, Outer...>() || ...);
};
template <class T, std::size_t N>
struct parts_of<std::array<T, N>> : parts_of<std::tuple<T>> {};
/// Whether T is one of `Outer` or has one among its fields or elements: a struct within itself has
/// no end for the codecs.
template <class T, class... Outer>
constexpr bool contains_one_of() {
  if constexpr ((std::is_same_v<T, Outer> || ...))
    return true;
  else if constexpr (taken_apart<T> && std::is_base_of_v<default_codec<T>, codec<T>>)
    return parts_of<field_types<T>>::template contain<T, Outer...>;
  else
    return parts_of<T>::template contain<Outer...>;
}

template <class NotSendable>
constexpr bool refuse_value() {
  static_assert(fine<NotSendable>,
                "clusterless: values of this type cannot be sent; use numbers, strings, std "
                "containers (maps, sets and the like: include <clusterless/codec_std.hpp>), plain "
                "structs of these, or specialise clusterless::codec<T>");
  return false;
}
template <plain_struct NotSendable>
constexpr bool refuse_value() {
  static_assert(fine<NotSendable>,
                "clusterless: this struct cannot be taken apart into its fields, because it has a "
                "C array, a base class or more than 24 fields; use std::array, a member for the "
                "base, structs in structs, or specialise clusterless::codec<T>");
  return false;
}

template <class T>
constexpr bool check_value() {
  if constexpr (contains_one_of<T>()) {
    static_assert(fine<T>,
                  "clusterless: this struct contains itself, through a container or pointer; keep "
                  "its parts in one flat std::vector, or specialise clusterless::codec<T>");
    return false;
  } else if constexpr (codec<T>::known)
    return true;
  else
    return refuse_value<typename culprit<T>::type>();
}

}  // namespace clusterless::detail
