// SPDX-License-Identifier: MIT
// Values to bytes and back: scalars, enums, strings, vector, array, optional, pair, tuple and plain
// aggregates of up to 24 fields. Little-endian, no names, no versions: both ends are one build.
// Every length is checked against the bytes left before anything is allocated. Maps, sets,
// variants, durations and more are in codec_std.hpp; a type of your own takes a specialisation of
// codec<T>.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <clusterless/detail/aggregate.hpp>
#include <clusterless/detail/buffer.hpp>
#include <clusterless/detail/segment.hpp>
#include <clusterless/error.hpp>

namespace clusterless {

static_assert(std::endian::native == std::endian::little,
              "clusterless: little-endian machines only");

/// Thrown by readers on bytes that are not what the type expects.
class codec_error : public error {
 public:
  explicit codec_error(std::string text) : error(error_kind::failed, std::move(text)) {}
};

/// Collects the bytes of values. Large arrays may travel beside the bytes as shared segments.
class writer {
 public:
  /// `beside`: where segments go that are passed by reference; null keeps everything in the bytes.
  explicit writer(detail::buffer& bytes, detail::segment_list* beside = nullptr)
      : bytes_(bytes), beside_(beside) {}

  void put_bytes(const void* from, std::size_t n) { bytes_.append(from, n); }
  template <class T>
  void put_raw(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    std::memcpy(bytes_.extend(sizeof(T)), &value, sizeof(T));
  }
  void put_size(std::size_t n) { put_raw(static_cast<std::uint64_t>(n)); }

  std::size_t size() const noexcept { return bytes_.size(); }
  detail::buffer& bytes() noexcept { return bytes_; }
  detail::segment_list* beside() noexcept { return beside_; }

 private:
  detail::buffer& bytes_;
  detail::segment_list* beside_;
};

/// Reads values from bytes that may come from anywhere.
class reader {
 public:
  reader(const std::byte* from, std::size_t n, const detail::segment_list* beside = nullptr)
      : at_(from), end_(from + n), beside_(beside) {}

  std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }
  /// The next `n` bytes; throws codec_error when there are fewer.
  const std::byte* take(std::size_t n) {
    if (n > left()) detail::throw_short(n, left());
    return std::exchange(at_, at_ + n);
  }
  template <class T>
  T get_raw() {
    static_assert(std::is_trivially_copyable_v<T>);
    T value;
    std::memcpy(&value, take(sizeof(T)), sizeof(T));
    return value;
  }
  /// A count of things that take at least `bytes_each` bytes here (bytes_each >= 1).
  std::size_t get_count(std::size_t bytes_each) {
    const auto n = get_raw<std::uint64_t>();
    if (n > left() / bytes_each) detail::throw_count(n, bytes_each, left());
    return static_cast<std::size_t>(n);
  }
  const detail::segment_list* beside() const noexcept { return beside_; }

 private:
  const std::byte* at_;
  const std::byte* end_;
  const detail::segment_list* beside_;
};

/// How a T travels. A specialisation has `known = true`, `put(writer&, const T&)`, `T
/// get(reader&)`, `schema(std::string&)` (appends the type in the grammar of docs/guide/values.md)
/// and `raw` (the bytes are those in memory, so that arrays of it are copied whole).
template <class T>
struct codec;

namespace detail {

[[noreturn]] void throw_bad(const char* what);
[[noreturn]] void throw_misuse(const char* text);

template <class T>
concept scalar = (std::is_arithmetic_v<T> && !std::is_same_v<T, bool> &&
                  !std::is_same_v<T, long double> && !std::is_same_v<T, wchar_t>) ||
                 std::is_enum_v<T>;

template <class T>
concept plain_struct = std::is_class_v<T> && std::is_aggregate_v<T> && !std::is_empty_v<T> &&
                       !std::is_polymorphic_v<T> && std::is_destructible_v<T>;

template <class T>
concept empty_struct = std::is_class_v<T> && std::is_empty_v<T> && std::is_aggregate_v<T>;

template <class T>
constexpr char schema_letter() {
  if constexpr (std::is_enum_v<T>)
    return schema_letter<std::underlying_type_t<T>>();
  else if constexpr (std::is_floating_point_v<T>)
    return 'f';
  else if constexpr (std::is_signed_v<T>)
    return 'i';
  else
    return 'u';
}

template <class... Ts>
struct all_known : std::bool_constant<(codec<Ts>::known && ...)> {};

/// True for types that arrays of them may be copied as one block.
template <class T>
constexpr bool is_raw() {
  if constexpr (requires { codec<T>::raw; })
    return codec<T>::raw;
  else
    return false;
}

template <class First, class... Rest>
void tuple_schema(std::string& out) {
  out += '(';
  codec<First>::schema(out);
  ((out += ',', codec<Rest>::schema(out)), ...);
  out += ')';
}

/// Codec of an aggregate from the tuple of its field types.
template <class T, class Fields>
struct aggregate_codec;
template <class T, class... Fs>
struct aggregate_codec<T, std::tuple<Fs...>> {
  static constexpr bool known = all_known<Fs...>::value;
  static constexpr bool raw = std::is_trivially_copyable_v<T> && std::is_copy_assignable_v<T> &&
                              std::is_default_constructible_v<T> && (is_raw<Fs>() && ...) &&
                              sizeof(T) == (sizeof(Fs) + ... + 0);
  static void put(writer& out, const T& value) {
    if constexpr (raw) {
      out.put_raw(value);
    } else {
      for_fields(value, [&out](const auto&... field) {
        (codec<std::remove_cvref_t<decltype(field)>>::put(out, field), ...);
      });
    }
  }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"  // into bit-fields, which held the value before
  static T get(reader& in) {
    if constexpr (raw)
      return in.get_raw<T>();
    else
      return T{codec<Fs>::get(in)...};
  }
#pragma GCC diagnostic pop
  static void schema(std::string& out) {
    tuple_schema<Fs...>(out);
  }
};

/// The functions are declared only, so that a type that cannot be sent gives one message, that of
/// the check that refuses it.
template <class T>
struct no_codec {
  static constexpr bool known = false;
  static constexpr bool raw = false;
  static void put(writer& out, const T& value);
  template <class Value = T>
  static Value get(reader& in);
  static void schema(std::string& out);
};

template <class T>
constexpr bool has_fields() {
  if constexpr (plain_struct<T>)
    return field_count<T>() != 0;
  else
    return false;
}

template <class T, bool HasFields = has_fields<T>()>
struct default_codec : no_codec<T> {};
template <class T>
struct default_codec<T, true> : aggregate_codec<T, field_types<T>> {};

}  // namespace detail

/// Plain aggregates; everything else is unknown until it has a specialisation.
template <class T>
struct codec : detail::default_codec<T> {};

template <detail::scalar T>
struct codec<T> {
  static constexpr bool known = true;
  static constexpr bool raw = true;
  static void put(writer& out, const T& value) { out.put_raw(value); }
  static T get(reader& in) { return in.get_raw<T>(); }
  static void schema(std::string& out) {
    out += detail::schema_letter<T>();
    out += static_cast<char>('0' + sizeof(T));
  }
};

template <>
struct codec<bool> {
  static constexpr bool known = true;
  static constexpr bool raw = false;
  static void put(writer& out, bool value) { out.put_raw(static_cast<std::uint8_t>(value)); }
  static bool get(reader& in) {
    const auto byte = in.get_raw<std::uint8_t>();
    if (byte > 1) detail::throw_bad("a bool that is neither 0 nor 1");
    return byte == 1;
  }
  static void schema(std::string& out) { out += 'b'; }
};

/// Empty structs (`none` among them) take one byte, so that every value takes some.
template <detail::empty_struct T>
struct codec<T> {
  static constexpr bool known = true;
  static constexpr bool raw = false;
  static void put(writer& out, const T&) { out.put_raw(std::uint8_t{0}); }
  static T get(reader& in) {
    if (in.get_raw<std::uint8_t>() != 0) detail::throw_bad("an empty struct that is not empty");
    return T{};
  }
  static void schema(std::string& out) { out += "()"; }
};

template <>
struct codec<std::string> {
  static constexpr bool known = true;
  static constexpr bool raw = false;
  static void put(writer& out, const std::string& value) {
    out.put_size(value.size());
    out.put_bytes(value.data(), value.size());
  }
  static std::string get(reader& in) {
    const std::size_t n = in.get_count(1);
    return std::string(reinterpret_cast<const char*>(in.take(n)), n);
  }
  static void schema(std::string& out) { out += 's'; }
};

template <class T>
struct codec<std::vector<T>> {  // std::vector<bool> too: one byte an element
  static constexpr bool known = codec<T>::known;
  static constexpr bool raw = false;
  static void put(writer& out, const std::vector<T>& value) {
    out.put_size(value.size());
    if constexpr (detail::is_raw<T>()) {
      out.put_bytes(value.data(), value.size() * sizeof(T));
    } else {
      for (const auto& element : value)
        codec<T>::put(out, element);
    }
  }
  static std::vector<T> get(reader& in) {
    std::vector<T> value;
    if constexpr (detail::is_raw<T>()) {
      const std::size_t n = in.get_count(sizeof(T));
      const std::byte* from = in.take(n * sizeof(T));
      detail::assign_raw(value, from, n);
    } else {
      const std::size_t n = in.get_count(1);
      constexpr std::size_t at_first = 1 + 65536 / sizeof(T);  // the count may be a lie
      value.reserve(n < at_first ? n : at_first);
      for (std::size_t i = 0; i < n; ++i)
        value.push_back(codec<T>::get(in));
    }
    return value;
  }
  static void schema(std::string& out) {
    out += '[';
    codec<T>::schema(out);
    out += ']';
  }
};

template <class T, std::size_t N>
struct codec<std::array<T, N>> {
  static constexpr bool known = codec<T>::known && N != 0;
  static constexpr bool raw = detail::is_raw<T>();
  static void put(writer& out, const std::array<T, N>& value) {
    if constexpr (raw)
      out.put_raw(value);
    else
      for (const auto& element : value)
        codec<T>::put(out, element);
  }
  static std::array<T, N> get(reader& in) {
    if constexpr (raw) {
      return in.get_raw<std::array<T, N>>();
    } else {
      return [&in]<std::size_t... I>(std::index_sequence<I...>) {
        return std::array<T, N>{((void)I, codec<T>::get(in))...};
      }
      (std::make_index_sequence<N>{});
    }
  }
  static void schema(std::string& out) {
    out += std::to_string(N) + '*';
    codec<T>::schema(out);
  }
};

template <class T>
struct codec<std::optional<T>> {
  static constexpr bool known = codec<T>::known;
  static constexpr bool raw = false;
  static void put(writer& out, const std::optional<T>& value) {
    codec<bool>::put(out, value.has_value());
    if (value) codec<T>::put(out, *value);
  }
  static std::optional<T> get(reader& in) {
    if (!codec<bool>::get(in)) return std::nullopt;
    return codec<T>::get(in);
  }
  static void schema(std::string& out) {
    out += '?';
    codec<T>::schema(out);
  }
};

template <class A, class B>
struct codec<std::pair<A, B>> {
  static constexpr bool known = codec<A>::known && codec<B>::known;
  static constexpr bool raw = false;
  static void put(writer& out, const std::pair<A, B>& value) {
    codec<A>::put(out, value.first);
    codec<B>::put(out, value.second);
  }
  static std::pair<A, B> get(reader& in) {
    A first = codec<A>::get(in);
    return {std::move(first), codec<B>::get(in)};
  }
  static void schema(std::string& out) { detail::tuple_schema<A, B>(out); }
};

template <class... Ts>
struct codec<std::tuple<Ts...>> {
  static constexpr bool known = sizeof...(Ts) != 0 && (codec<Ts>::known && ...);
  static constexpr bool raw = false;
  static void put(writer& out, const std::tuple<Ts...>& value) {
    std::apply([&out](const Ts&... element) { (codec<Ts>::put(out, element), ...); }, value);
  }
  static std::tuple<Ts...> get(reader& in) { return std::tuple<Ts...>{codec<Ts>::get(in)...}; }
  static void schema(std::string& out) { detail::tuple_schema<Ts...>(out); }
};

/// The type of T in the grammar of docs/guide/values.md, e.g. "[s]" for a vector of strings.
template <class T>
std::string schema_of() {
  std::string text;
  codec<T>::schema(text);
  return text;
}

/// Throws codec_error when bytes are left over.
inline void expect_end(const reader& in) {
  if (in.left() != 0) detail::throw_bad("bytes left over after the value");
}

}  // namespace clusterless
