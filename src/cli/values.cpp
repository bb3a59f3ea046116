// SPDX-License-Identifier: MIT
#include "cli/values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <clusterless/codec.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <set>

namespace clusterless::cli {

namespace {

std::string base64(std::string_view from) {
  static constexpr char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < from.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(3, from.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (k < n ? static_cast<unsigned char>(from[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      out += k <= n ? digits[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

json text_value(std::string_view text) {
  if (is_utf8(text)) return std::string(text);
  return json{{"base64", base64(text)}};
}

/// The shortest decimal number that reads back as `value`, so that 0.1f is 0.1.
double as_written(float value) {
  char text[32];
  *std::to_chars(text, text + sizeof text - 1, value).ptr = '\0';
  return std::strtod(text, nullptr);
}

template <class T>
json real_value(T value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  if constexpr (sizeof(T) == 4)
    return as_written(value);
  else
    return value;
}

class decoder {
 public:
  decoder(bytes from, const decode_options& options)
      : in_(from.data(), from.size()), options_(options) {}

  json whole(const type& of) {
    json value = one(of);
    expect_end(in_);
    return value;
  }

 private:
  using kind = type::kind;

  json one(const type& of) {
    switch (of.is) {
      case kind::boolean:
        return codec<bool>::get(in_);
      case kind::integer:
        return integer(of.count);
      case kind::natural:
        return natural(of.count);
      case kind::real:
        return of.count == 4 ? real_value(in_.get_raw<float>()) : real_value(in_.get_raw<double>());
      case kind::text:
        return text_value(text());
      case kind::list:
      case kind::set:
        return elements(of.parts[0], counted(of.parts[0]));
      case kind::fixed:
        return fixed(of);
      case kind::optional:
        return codec<bool>::get(in_) ? one(of.parts[0]) : json();
      case kind::tuple:
        return tuple(of);
      case kind::none:
        return nothing();
      case kind::array:
        return array(of.parts[0]);
      case kind::broadcast:
        return broadcast();
      case kind::file:
        return file();
      case kind::map:
        return map(of);
      case kind::variant:
        return variant(of);
      case kind::duration:
        return in_.get_raw<std::int64_t>();
    }
    detail::throw_bad("a type that is not known");
  }

  json integer(std::uint64_t size) {
    if (size == 1) return in_.get_raw<std::int8_t>();
    if (size == 2) return in_.get_raw<std::int16_t>();
    if (size == 4) return in_.get_raw<std::int32_t>();
    return in_.get_raw<std::int64_t>();
  }

  json natural(std::uint64_t size) {
    if (size == 1) return in_.get_raw<std::uint8_t>();
    if (size == 2) return in_.get_raw<std::uint16_t>();
    if (size == 4) return in_.get_raw<std::uint32_t>();
    return in_.get_raw<std::uint64_t>();
  }

  std::string_view text() {
    const std::size_t n = in_.get_count(1);
    return {reinterpret_cast<const char*>(in_.take(n)), n};
  }

  std::uint64_t counted(const type& element) {
    return in_.get_count(static_cast<std::size_t>(element.least));
  }

  // Every element takes a byte or more, so a count that was checked bounds the work.
  json elements(const type& of, std::uint64_t count) {
    json all = json::array();
    std::uint64_t i = 0;
    for (; i < count && i < options_.keep; ++i)
      all.push_back(one(of));
    if (i == count) return all;
    all.push_back("… " + std::to_string(count - i) + " more");
    if (flat(of)) {
      in_.take(static_cast<std::size_t>((count - i) * of.least));
      return all;
    }
    for (; i < count; ++i)
      one(of);
    return all;
  }

  /// Values of the type have no length of their own and need no check.
  static bool flat(const type& of) {
    switch (of.is) {
      case kind::integer:
      case kind::natural:
      case kind::real:
      case kind::duration:
      case kind::broadcast:
        return true;
      case kind::fixed:
      case kind::tuple:
        return std::all_of(of.parts.begin(), of.parts.end(), flat);
      default:
        return false;
    }
  }

  json fixed(const type& of) {
    if (of.least > in_.left()) detail::throw_short(static_cast<std::size_t>(of.least), in_.left());
    return elements(of.parts[0], of.count);
  }

  json tuple(const type& of) {
    json all = json::array();
    for (const type& part : of.parts)
      all.push_back(one(part));
    return all;
  }

  json nothing() {
    if (in_.get_raw<std::uint8_t>() != 0) detail::throw_bad("an empty struct that is not empty");
    return {};
  }

  json array(const type& element) {
    const auto count = in_.get_raw<std::uint64_t>();
    if (codec<bool>::get(in_)) detail::throw_bad("an array that was kept in memory only");
    if (count > in_.left() / element.least)
      detail::throw_count(count, static_cast<std::size_t>(element.least), in_.left());
    return elements(element, count);
  }

  json broadcast() {
    const auto high = in_.get_raw<std::uint64_t>();
    const auto low = in_.get_raw<std::uint64_t>();
    char key[33];
    std::snprintf(key, sizeof key, "%016llx%016llx", static_cast<unsigned long long>(high),
                  static_cast<unsigned long long>(low));
    return json{{"broadcast", key}};
  }

  json file() {
    met_file met;
    met.name = std::string(text());
    met.mode = in_.get_raw<std::uint32_t>();
    const std::string_view contents = text();
    met.contents = std::as_bytes(std::span(contents));
    char mode[16];
    std::snprintf(mode, sizeof mode, "%04o", met.mode & 07777u);
    json value{{"file", text_value(met.name)}, {"mode", mode}, {"bytes", contents.size()}};
    if (options_.files != nullptr) options_.files->push_back(std::move(met));
    return value;
  }

  json map(const type& of) {
    const auto count = in_.get_count(static_cast<std::size_t>(of.parts[0].least));
    json pairs = json::array();
    std::set<std::string> names;
    for (std::uint64_t i = 0; i < count; ++i) {
      json key = one(of.parts[0]);
      json value = one(of.parts[1]);
      if (i >= options_.keep) continue;
      if (key.is_string()) names.insert(key.get<std::string>());
      pairs.push_back(json::array({std::move(key), std::move(value)}));
    }
    const bool cut = count > options_.keep;
    if (of.parts[0].is != kind::text || names.size() != pairs.size()) {
      if (cut) pairs.push_back(more(count));
      return pairs;
    }
    json object = json::object();
    auto& fields = object.get_ref<json::object_t&>();
    for (json& pair : pairs)
      fields.emplace_back(pair[0].get<std::string>(), std::move(pair[1]));
    if (cut) fields.emplace_back("…", more(count));
    return object;
  }

  std::string more(std::uint64_t count) const {
    return "… " + std::to_string(count - options_.keep) + " more";
  }

  json variant(const type& of) {
    const auto index = in_.get_raw<std::uint32_t>();
    if (index >= of.parts.size()) detail::throw_bad("a variant without such an alternative");
    return json{{"alternative", index}, {"value", one(of.parts[index])}};
  }

  reader in_;
  const decode_options& options_;
};

}  // namespace

json decode_value(const type& of, bytes value, const decode_options& options) {
  return decoder(value, options).whole(of);
}

std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (text.empty()) return 0;
  const unsigned first = byte(0);
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xc2 ? 0
                             : first < 0xe0 ? 2
                             : first < 0xf0 ? 3
                             : first < 0xf5 ? 4
                                            : 0;
  if (length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0u) != 0x80u) return 0;
  // Overlong forms, surrogates, and what lies above U+10FFFF.
  const unsigned second = length > 1 ? byte(1) : 0;
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
      (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
    return 0;
  return length;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7f;
  // U+0080 to U+009F steer terminals too.
  return first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
}

std::string json_text(const json& value, int indent) {
  const std::string text = value.dump(indent, ' ', false, json::error_handler_t::replace);
  std::string out;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view one = rest.substr(0, std::max<std::size_t>(utf8_length(rest), 1));
    rest.remove_prefix(one.size());
    // What is below U+0020 is escaped already, or a line break between values.
    if (!is_control(one) || static_cast<unsigned char>(one[0]) < 0x20) {
      out += one;
      continue;
    }
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned char>(one.back()));
    out += escaped;
  }
  return out;
}

}  // namespace clusterless::cli
