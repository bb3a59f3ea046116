// SPDX-License-Identifier: MIT
// The grammar of schemas, and types in words.
#include <algorithm>
#include <clusterless/error.hpp>
#include <limits>
#include <utility>

#include "cli/values.hpp"

namespace clusterless::cli {

namespace {

constexpr int max_depth = 64;
constexpr std::uint64_t max_count = std::uint64_t{1} << 48;

std::uint64_t plus(std::uint64_t a, std::uint64_t b) {
  return a > std::numeric_limits<std::uint64_t>::max() - b
             ? std::numeric_limits<std::uint64_t>::max()
             : a + b;
}

std::uint64_t times(std::uint64_t a, std::uint64_t b) {
  return b != 0 && a > std::numeric_limits<std::uint64_t>::max() / b
             ? std::numeric_limits<std::uint64_t>::max()
             : a * b;
}

class schema_parser {
 public:
  explicit schema_parser(std::string_view text) : text_(text) {}

  type whole() {
    type of = one(0);
    if (at_ != text_.size()) wrong("goes on after the type");
    return of;
  }

 private:
  using kind = type::kind;

  [[noreturn]] void wrong(const char* what) const {
    throw error(error_kind::failed, "the schema '" + std::string(text_.substr(0, 80)) + "' " +
                                        what + " (character " + std::to_string(at_ + 1) +
                                        "); it was written by another version or is damaged");
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void expect(char c) {
    if (peek() != c) wrong("has something else where its type should end");
    ++at_;
  }

  std::uint64_t number() {
    std::uint64_t n = 0;
    const std::size_t start = at_;
    while (peek() >= '0' && peek() <= '9' && n <= max_count)
      n = n * 10 + static_cast<std::uint64_t>(text_[at_++] - '0');
    if (at_ == start || n == 0 || n > max_count) wrong("has a number that is not allowed there");
    return n;
  }

  type scalar(kind is) {
    ++at_;
    type of;
    of.is = is;
    // One digit: another one begins a fixed list, as in "(i43*f8)".
    const char digit = peek();
    of.count = digit >= '0' && digit <= '9' ? static_cast<std::uint64_t>(digit - '0') : 0;
    const bool known =
        of.count == 4 || of.count == 8 || (is != kind::real && (of.count == 1 || of.count == 2));
    if (!known) wrong("has a number of a size that is not known");
    ++at_;
    of.least = of.count;
    return of;
  }

  type leaf(kind is, std::uint64_t least) {
    ++at_;
    type of;
    of.is = is;
    of.least = least;
    return of;
  }

  type around(kind is, int depth, char end, std::uint64_t least) {
    type of = leaf(is, least);
    of.parts.push_back(one(depth));
    if (end != '\0') expect(end);
    return of;
  }

  type tuple(int depth) {
    type of = leaf(kind::tuple, 0);
    while (peek() != ')') {
      of.parts.push_back(one(depth));
      of.least = plus(of.least, of.parts.back().least);
      if (peek() == ',') ++at_;
    }
    ++at_;
    if (!of.parts.empty()) return of;
    of.is = kind::none;
    of.least = 1;
    return of;
  }

  type fixed(int depth) {
    type of;
    of.is = kind::fixed;
    of.count = number();
    expect('*');
    of.parts.push_back(one(depth));
    of.least = times(of.count, of.parts[0].least);
    return of;
  }

  type map(int depth) {
    type of = leaf(kind::map, 8);
    of.parts.push_back(one(depth));
    expect(':');
    of.parts.push_back(one(depth));
    expect('}');
    return of;
  }

  type variant(int depth) {
    type of;
    of.is = kind::variant;
    std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
    while (peek() == '|') {
      ++at_;
      of.parts.push_back(one(depth));
      least = std::min(least, of.parts.back().least);
    }
    expect(';');
    of.least = plus(4, least);
    return of;
  }

  type one(int depth) {
    if (++depth > max_depth) wrong("is nested too deeply");
    switch (peek()) {
      case 'b':
        return leaf(kind::boolean, 1);
      case 'i':
        return scalar(kind::integer);
      case 'u':
        return scalar(kind::natural);
      case 'f':
        return scalar(kind::real);
      case 's':
        return leaf(kind::text, 8);
      case 'F':
        return leaf(kind::file, 8 + 4 + 8);
      case 'd':
        return leaf(kind::duration, 8);
      case '[':
        return around(kind::list, depth, ']', 8);
      case '<':
        return around(kind::set, depth, '>', 8);
      case '?':
        return around(kind::optional, depth, '\0', 1);
      case '#':
        return around(kind::array, depth, '\0', 8 + 1);
      case '@':
        return around(kind::broadcast, depth, '\0', 16);
      case '(':
        return tuple(depth);
      case '{':
        return map(depth);
      case '|':
        return variant(depth);
      default:
        break;
    }
    if (peek() < '0' || peek() > '9') wrong("has no known type there");
    return fixed(depth);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::string list_of(const type& of, const char* between) {
  std::string text;
  for (const type& part : of.parts) {
    if (!text.empty()) text += between;
    text += in_words(part);
  }
  return text;
}

}  // namespace

type parse_schema(std::string_view schema) {
  return schema_parser(schema).whole();
}

std::string in_words(const type& of) {
  switch (of.is) {
    case type::kind::boolean:
      return "bool";
    case type::kind::integer:
      return "i" + std::to_string(of.count * 8);
    case type::kind::natural:
      return "u" + std::to_string(of.count * 8);
    case type::kind::real:
      return "f" + std::to_string(of.count * 8);
    case type::kind::text:
      return "text";
    case type::kind::list:
      return "list of " + in_words(of.parts[0]);
    case type::kind::fixed:
      return std::to_string(of.count) + " times " + in_words(of.parts[0]);
    case type::kind::optional:
      return "optional " + in_words(of.parts[0]);
    case type::kind::tuple:
      return "(" + list_of(of, ", ") + ")";
    case type::kind::none:
      return "nothing";
    case type::kind::array:
      return "array of " + in_words(of.parts[0]);
    case type::kind::broadcast:
      return "broadcast " + in_words(of.parts[0]);
    case type::kind::file:
      return "file";
    case type::kind::map:
      return "map from " + list_of(of, " to ");
    case type::kind::set:
      return "set of " + in_words(of.parts[0]);
    case type::kind::variant:
      return "one of (" + list_of(of, ", ") + ")";
    case type::kind::duration:
      return "duration";
  }
  return "unknown";
}

}  // namespace clusterless::cli
