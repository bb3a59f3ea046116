// SPDX-License-Identifier: MIT
// More of the standard library as values: maps, sets, deque, list, variant, unique_ptr, durations
// and points in time, complex, bitset, filesystem::path. Apart from codec.hpp, because their
// headers are slow to compile; include it before the first map that uses one of these types.
#pragma once

#include <bitset>
#include <chrono>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <iterator>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <ratio>
#include <set>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>

#include <clusterless/codec.hpp>

namespace clusterless {

namespace detail {

/// A count and the elements: containers that are filled from front to back.
template <class Container>
struct sequence_codec {
  using T = typename Container::value_type;
  static constexpr bool known = codec<T>::known;
  static constexpr bool raw = false;
  static void put(writer& out, const Container& value) {
    out.put_size(value.size());
    for (const auto& element : value)
      codec<T>::put(out, element);
  }
  static Container get(reader& in) {
    Container value;
    for (std::size_t n = in.get_count(1); n != 0; --n)
      value.push_back(codec<T>::get(in));
    return value;
  }
  static void schema(std::string& out) {
    out += '[';
    codec<T>::schema(out);
    out += ']';
  }
};

/// Adds `value` to a map or set; when its keys are unique, one that is there already is an error.
template <class Container, class Value>
void insert_new(Container& into, Value&& value) {
  const std::size_t before = into.size();
  into.insert(into.end(), std::forward<Value>(value));
  if (into.size() == before) throw_bad("a map or set with the same key twice");
}

template <class Container>
struct set_codec {
  using T = typename Container::value_type;
  static constexpr bool known = codec<T>::known && std::is_default_constructible_v<Container>;
  static constexpr bool raw = false;
  static void put(writer& out, const Container& value) {
    out.put_size(value.size());
    for (const T& element : value)
      codec<T>::put(out, element);
  }
  static Container get(reader& in) {
    Container value;
    for (std::size_t n = in.get_count(1); n != 0; --n)
      insert_new(value, codec<T>::get(in));
    return value;
  }
  static void schema(std::string& out) {
    out += '<';
    codec<T>::schema(out);
    out += '>';
  }
};

template <class Container>
struct map_codec {
  using K = typename Container::key_type;
  using V = typename Container::mapped_type;
  static constexpr bool known =
      codec<K>::known && codec<V>::known && std::is_default_constructible_v<Container>;
  static constexpr bool raw = false;
  static void put(writer& out, const Container& value) {
    out.put_size(value.size());
    for (const auto& [key, mapped] : value) {
      codec<K>::put(out, key);
      codec<V>::put(out, mapped);
    }
  }
  static Container get(reader& in) {
    Container value;
    for (std::size_t n = in.get_count(1); n != 0; --n) {
      K key = codec<K>::get(in);
      insert_new(value, std::pair<const K, V>(std::move(key), codec<V>::get(in)));
    }
    return value;
  }
  static void schema(std::string& out) {
    out += '{';
    codec<K>::schema(out);
    out += ':';
    codec<V>::schema(out);
    out += '}';
  }
};

}  // namespace detail

template <class T, class A>
struct codec<std::deque<T, A>> : detail::sequence_codec<std::deque<T, A>> {};
template <class T, class A>
struct codec<std::list<T, A>> : detail::sequence_codec<std::list<T, A>> {};

template <class T, class C, class A>
struct codec<std::set<T, C, A>> : detail::set_codec<std::set<T, C, A>> {};
template <class T, class C, class A>
struct codec<std::multiset<T, C, A>> : detail::set_codec<std::multiset<T, C, A>> {};
template <class T, class H, class E, class A>
struct codec<std::unordered_set<T, H, E, A>> : detail::set_codec<std::unordered_set<T, H, E, A>> {};
template <class T, class H, class E, class A>
struct codec<std::unordered_multiset<T, H, E, A>>
    : detail::set_codec<std::unordered_multiset<T, H, E, A>> {};

template <class K, class V, class C, class A>
struct codec<std::map<K, V, C, A>> : detail::map_codec<std::map<K, V, C, A>> {};
template <class K, class V, class C, class A>
struct codec<std::multimap<K, V, C, A>> : detail::map_codec<std::multimap<K, V, C, A>> {};
template <class K, class V, class H, class E, class A>
struct codec<std::unordered_map<K, V, H, E, A>>
    : detail::map_codec<std::unordered_map<K, V, H, E, A>> {};
template <class K, class V, class H, class E, class A>
struct codec<std::unordered_multimap<K, V, H, E, A>>
    : detail::map_codec<std::unordered_multimap<K, V, H, E, A>> {};

/// The index of the alternative, then its value. One that is valueless cannot be sent.
template <class... Ts>
struct codec<std::variant<Ts...>> {
  static constexpr bool known = (codec<Ts>::known && ...);
  static constexpr bool raw = false;
  static void put(writer& out, const std::variant<Ts...>& value) {
    if (value.valueless_by_exception()) detail::throw_misuse("a valueless variant cannot be sent");
    out.put_raw(static_cast<std::uint32_t>(value.index()));
    std::visit(
        [&out](const auto& held) { codec<std::remove_cvref_t<decltype(held)>>::put(out, held); },
        value);
  }
  static std::variant<Ts...> get(reader& in) {
    const auto index = in.get_raw<std::uint32_t>();
    if (index >= sizeof...(Ts)) detail::throw_bad("a variant with an index it does not have");
    return get_alternative<0>(in, index);
  }
  /// "|A|B;": an end of its own keeps variants that follow or hold each other apart.
  static void schema(std::string& out) {
    ((out += '|', codec<Ts>::schema(out)), ...);
    out += ';';
  }

 private:
  template <std::size_t I>
  static std::variant<Ts...> get_alternative(reader& in, std::uint32_t index) {
    using T = std::variant_alternative_t<I, std::variant<Ts...>>;
    if constexpr (I + 1 < sizeof...(Ts))
      if (index != I) return get_alternative<I + 1>(in, index);
    return std::variant<Ts...>(std::in_place_index<I>, codec<T>::get(in));
  }
};

template <class T>
struct codec<std::unique_ptr<T>> {
  static constexpr bool known = codec<T>::known;
  static constexpr bool raw = false;
  static void put(writer& out, const std::unique_ptr<T>& value) {
    codec<bool>::put(out, value != nullptr);
    if (value) codec<T>::put(out, *value);
  }
  static std::unique_ptr<T> get(reader& in) {
    if (!codec<bool>::get(in)) return nullptr;
    return std::make_unique<T>(codec<T>::get(in));
  }
  static void schema(std::string& out) {
    out += '?';
    codec<T>::schema(out);
  }
};

/// Whole numbers of nanoseconds travel as such, up to 292 years; durations with fractions or finer
/// than that as their count.
template <class Rep, class Period>
struct codec<std::chrono::duration<Rep, Period>> {
  using duration = std::chrono::duration<Rep, Period>;
  using per_ns = std::ratio_divide<Period, std::nano>;
  static constexpr bool in_ns = std::is_integral_v<Rep> && per_ns::den == 1;
  static constexpr bool known = codec<Rep>::known;
  static constexpr bool raw = false;
  static void put(writer& out, const duration& value) {
    if constexpr (in_ns) {
      std::int64_t ns = 0;
      if (__builtin_mul_overflow(value.count(), per_ns::num, &ns))
        detail::throw_misuse("a duration of more than 292 years cannot be sent");
      out.put_raw(ns);
    } else {
      codec<Rep>::put(out, value.count());
    }
  }
  static duration get(reader& in) {
    if constexpr (in_ns) {
      const auto ns = in.get_raw<std::int64_t>();
      const auto count = static_cast<Rep>(ns / per_ns::num);
      if (ns % per_ns::num != 0 || !std::in_range<Rep>(ns / per_ns::num))
        detail::throw_bad("a duration that its type cannot hold");
      return duration(count);
    } else {
      return duration(codec<Rep>::get(in));
    }
  }
  static void schema(std::string& out) {
    if constexpr (in_ns)
      out += 'd';
    else
      codec<Rep>::schema(out);
  }
};

/// The time since 1970. Points of other clocks mean nothing on another machine.
template <class Duration>
struct codec<std::chrono::time_point<std::chrono::system_clock, Duration>> {
  using time_point = std::chrono::time_point<std::chrono::system_clock, Duration>;
  static constexpr bool known = codec<Duration>::known;
  static constexpr bool raw = false;
  static void put(writer& out, const time_point& value) {
    codec<Duration>::put(out, value.time_since_epoch());
  }
  static time_point get(reader& in) { return time_point(codec<Duration>::get(in)); }
  static void schema(std::string& out) { codec<Duration>::schema(out); }
};

template <class T>
struct codec<std::complex<T>> {
  static constexpr bool known = std::is_floating_point_v<T> && codec<T>::known;
  static constexpr bool raw = known;
  static void put(writer& out, const std::complex<T>& value) { out.put_raw(value); }
  static std::complex<T> get(reader& in) { return in.get_raw<std::complex<T>>(); }
  static void schema(std::string& out) { detail::tuple_schema<T, T>(out); }
};

/// Eight bits a byte, the first in the lowest bit.
template <std::size_t N>
struct codec<std::bitset<N>> {
  static constexpr std::size_t bytes = (N + 7) / 8;
  static constexpr bool known = N != 0;
  static constexpr bool raw = false;
  static void put(writer& out, const std::bitset<N>& value) {
    std::array<std::uint8_t, bytes> packed = {};
    for (std::size_t i = 0; i < N; ++i)
      packed[i / 8] = static_cast<std::uint8_t>(packed[i / 8] | value[i] << i % 8);
    out.put_raw(packed);
  }
  static std::bitset<N> get(reader& in) {
    const auto packed = in.get_raw<std::array<std::uint8_t, bytes>>();
    if (N % 8 != 0 && packed[bytes - 1] >> N % 8 != 0)
      detail::throw_bad("a bitset with more bits than it has");
    std::bitset<N> value;
    for (std::size_t i = 0; i < N; ++i)
      value[i] = (packed[i / 8] >> i % 8 & 1) != 0;
    return value;
  }
  static void schema(std::string& out) { out += std::to_string(bytes) + "*u1"; }
};

template <>
struct codec<std::filesystem::path> {
  static constexpr bool known = true;
  static constexpr bool raw = false;
  static void put(writer& out, const std::filesystem::path& value) {
    codec<std::string>::put(out, value.native());
  }
  static std::filesystem::path get(reader& in) { return codec<std::string>::get(in); }
  static void schema(std::string& out) { codec<std::string>::schema(out); }
};

}  // namespace clusterless
