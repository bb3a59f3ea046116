// SPDX-License-Identifier: MIT
#include "emulator/odata.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <optional>

#include "emulator/service_error.hpp"

namespace clusterless::emulator {

namespace {

constexpr int deepest_filter = 64;

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

/// Enumerations and ids compare without regard to case.
int compare_texts(std::string_view a, std::string_view b) {
  const std::size_t n = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < n; ++i) {
    const char x = lower(a[i]);
    const char y = lower(b[i]);
    if (x != y) return x < y ? -1 : 1;
  }
  return a.size() == b.size() ? 0 : a.size() < b.size() ? -1 : 1;
}

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '/' || c == '.' ||
         c == '-';
}

}  // namespace

class odata_filter::parser {
 public:
  parser(odata_filter& into, std::string_view text) : into_(into), text_(text), whole_(text) {}

  std::size_t all() {
    const std::size_t root = either();
    skip();
    if (!text_.empty()) fail("unexpected text at the end");
    return root;
  }

 private:
  [[noreturn]] void fail(const char* reason) const {
    bad_query("$filter", std::string(whole_), reason);
  }
  void skip() {
    while (!text_.empty() && (text_[0] == ' ' || text_[0] == '\t'))
      text_.remove_prefix(1);
  }
  std::string_view peek_word() {
    skip();
    std::size_t n = 0;
    while (n < text_.size() && is_word(text_[n]))
      ++n;
    return text_.substr(0, n);
  }
  bool accept_word(std::string_view word) {
    if (compare_texts(peek_word(), word) != 0) return false;
    text_.remove_prefix(word.size());
    return true;
  }
  bool accept(char c) {
    skip();
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  std::size_t add(node made) {
    into_.nodes_.push_back(std::move(made));
    return into_.nodes_.size() - 1;
  }

  std::size_t either() {
    std::size_t left = both();
    while (accept_word("or")) {
      const std::size_t right = both();
      left = add({kind::either, relation::eq, left, right, {}, {}});
    }
    return left;
  }
  std::size_t both() {
    std::size_t left = one();
    while (accept_word("and")) {
      const std::size_t right = one();
      left = add({kind::both, relation::eq, left, right, {}, {}});
    }
    return left;
  }
  std::size_t one() {
    if (++depth_ > deepest_filter) fail("too deeply nested");
    std::size_t made = 0;
    if (accept('(')) {
      made = either();
      if (!accept(')')) fail("a parenthesis is not closed");
    } else if (accept_word("not")) {
      const std::size_t inner = one();
      made = add({kind::inverse, relation::eq, inner, 0, {}, {}});
    } else if (accept_word("startswith")) {
      made = begins();
    } else {
      made = comparison();
    }
    --depth_;
    return made;
  }
  std::size_t begins() {
    if (!accept('(')) fail("startswith takes (field,'text')");
    node made{kind::begins, relation::eq, 0, 0, field(), {}};
    if (!accept(',')) fail("startswith takes (field,'text')");
    made.with = read_literal();
    if (!std::holds_alternative<std::string>(made.with.value) || !accept(')'))
      fail("startswith takes (field,'text')");
    return add(std::move(made));
  }
  std::size_t comparison() {
    node made{kind::compare, relation::eq, 0, 0, field(), {}};
    static constexpr std::pair<std::string_view, relation> words[] = {
        {"eq", relation::eq}, {"ne", relation::ne}, {"gt", relation::gt},
        {"ge", relation::ge}, {"lt", relation::lt}, {"le", relation::le}};
    const auto* found = std::find_if(std::begin(words), std::end(words),
                                     [&](const auto& each) { return accept_word(each.first); });
    if (found == std::end(words)) fail("eq, ne, gt, ge, lt or le expected");
    made.how = found->second;
    made.with = read_literal();
    return add(std::move(made));
  }
  std::string field() {
    const std::string_view word = peek_word();
    if (word.empty() || std::isalpha(static_cast<unsigned char>(word[0])) == 0)
      fail("the name of a property expected");
    text_.remove_prefix(word.size());
    into_.fields_.emplace_back(word);
    return std::string(word);
  }
  literal read_literal() {
    skip();
    if (!text_.empty() && text_[0] == '\'') return {odata_value(quoted()), false, 0};
    const std::string_view word = peek_word();
    if (word.empty()) fail("a value expected");
    if (compare_texts(word, "datetime") == 0) {
      text_.remove_prefix(word.size());
      skip();
      const std::string inside = quoted();
      const auto at = parse_iso_time(inside);
      if (!at) fail("a DateTime is written as DateTime'2026-01-02T03:04:05Z'");
      return {odata_value(inside), true, *at};
    }
    text_.remove_prefix(word.size());
    if (compare_texts(word, "null") == 0) return {};
    if (compare_texts(word, "true") == 0) return {odata_value(true), false, 0};
    if (compare_texts(word, "false") == 0) return {odata_value(false), false, 0};
    const std::string number(word);
    char* end = nullptr;
    const double value = std::strtod(number.c_str(), &end);
    if (end != number.c_str() + number.size()) fail("a value expected");
    return {odata_value(value), false, 0};
  }
  std::string quoted() {
    if (!accept('\'')) fail("a text in single quotes expected");
    std::string made;
    for (;;) {
      if (text_.empty()) fail("a text is not closed");
      const char c = text_[0];
      text_.remove_prefix(1);
      if (c != '\'') {
        made += c;
      } else if (!text_.empty() && text_[0] == '\'') {
        made += c;
        text_.remove_prefix(1);
      } else {
        return made;
      }
    }
  }

  odata_filter& into_;
  std::string_view text_;
  std::string_view whole_;
  int depth_ = 0;
};

odata_filter::odata_filter(std::string_view text) {
  parser reader(*this, text);
  root_ = reader.all();
}

bool odata_filter::passes(const odata_lookup& field) const {
  return nodes_.empty() || holds(root_, field);
}

bool odata_filter::holds(std::size_t at, const odata_lookup& field) const {
  const node& of = nodes_[at];
  switch (of.what) {
    case kind::both:
      return holds(of.left, field) && holds(of.right, field);
    case kind::either:
      return holds(of.left, field) || holds(of.right, field);
    case kind::inverse:
      return !holds(of.left, field);
    case kind::begins: {
      const odata_value value = field(of.field);
      const auto* text = std::get_if<std::string>(&value);
      return text != nullptr && text->starts_with(std::get<std::string>(of.with.value));
    }
    case kind::compare:
      return compare(of, field(of.field));
  }
  return false;
}

bool odata_filter::compare(const node& of, const odata_value& value) {
  std::optional<int> order;
  const odata_value& with = of.with.value;
  if (const auto* text = std::get_if<std::string>(&value)) {
    if (of.with.is_time) {
      if (const auto at = parse_iso_time(*text))
        order = *at == of.with.time ? 0 : *at < of.with.time ? -1 : 1;
    } else if (const auto* other = std::get_if<std::string>(&with)) {
      order = compare_texts(*text, *other);
    }
  } else if (const auto* number = std::get_if<double>(&value)) {
    if (const auto* other = std::get_if<double>(&with))
      order = *number == *other ? 0 : *number < *other ? -1 : 1;
  } else if (value == with) {
    order = 0;
  } else if (std::holds_alternative<bool>(value) && std::holds_alternative<bool>(with)) {
    order = std::get<bool>(value) ? 1 : -1;
  }
  switch (of.how) {
    case relation::eq:
      return order && *order == 0;
    case relation::ne:
      return !order || *order != 0;
    case relation::gt:
      return order && *order > 0;
    case relation::ge:
      return order && *order >= 0;
    case relation::lt:
      return order && *order < 0;
    case relation::le:
      return order && *order <= 0;
  }
  return false;
}

odata_value value_at(const json& document, std::string_view path) {
  const json* at = &document;
  while (!path.empty()) {
    const auto slash = path.find('/');
    const std::string name(path.substr(0, slash));
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    at = &member(*at, name.c_str());
  }
  if (at->is_boolean()) return at->get<bool>();
  if (at->is_number()) return at->get<double>();
  if (at->is_string()) return at->get<std::string>();
  return {};
}

std::vector<std::string> parse_select(std::string_view text) {
  std::vector<std::string> names;
  const std::string_view whole = text;
  while (!text.empty()) {
    const auto comma = text.find(',');
    std::string name;
    for (const char c : text.substr(0, comma))
      if (c != ' ') name += c;
    if (name.empty()) bad_query("$select", std::string(whole), "a name is missing");
    names.push_back(std::move(name));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return names;
}

json selected(const json& document, const std::vector<std::string>& names) {
  if (names.empty()) return document;
  json made = json::object();
  for (const auto& [name, value] : document.items())
    for (const std::string& wanted : names)
      if (wanted == name || wanted.starts_with(name + '/')) made[name] = value;
  return made;
}

}  // namespace clusterless::emulator
