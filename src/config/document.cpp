// SPDX-License-Identifier: MIT
#include "config/document.hpp"

#include <cstddef>
#include <iterator>
#include <utility>

#include <clusterless/error.hpp>
#include <nlohmann/json.hpp>

#include "config/json_mistake.hpp"
#include "config/wording.hpp"

namespace clusterless::config {

namespace {

// Hands the text to the JSON reader and counts the lines it has taken: its events carry no
// position.
class counting_iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  counting_iterator(const char* at, int* line) : at_(at), line_(line) {}
  reference operator*() const { return *at_; }
  counting_iterator& operator++() {
    if (*at_ == '\n') ++*line_;
    ++at_;
    return *this;
  }
  bool operator==(const counting_iterator& other) const { return at_ == other.at_; }
  bool operator!=(const counting_iterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  int* line_;
};

// Collects entries from the reader's events. Depth 1 of an object document, or depth 2 of an array
// document, is where the entries are; what lies deeper is skipped.
class collector {
 public:
  collector(std::string_view text, const std::string& source, const document_rules& rules)
      : text_(text), source_(source), rules_(rules) {}

  int line = 1;
  std::vector<object> objects;

  bool null() { return scalar(value_kind::null, "null"); }
  bool boolean(bool value) { return scalar(value_kind::boolean, value ? "true" : "false"); }
  bool number_integer(std::int64_t value) {
    return scalar(value_kind::number, std::to_string(value));
  }
  bool number_unsigned(std::uint64_t value) {
    return scalar(value_kind::number, std::to_string(value));
  }
  bool number_float(double, const std::string& written) {
    return scalar(value_kind::number, written);
  }
  bool string(std::string& value) { return scalar(value_kind::text, std::move(value)); }
  bool binary(std::vector<std::uint8_t>&) { return false; }

  bool start_object(std::size_t) {
    if (in_entries()) {
      finish_entry(value_kind::object, {});
    } else if (open_.size() == object_depth()) {
      objects.push_back({{}, line});
    }
    open_ += '{';
    last_ = json_event::opening;
    return true;
  }
  bool start_array(std::size_t) {
    if (in_entries()) {
      finish_entry(value_kind::array, {});
    } else if (open_.empty()) {
      if (!rules_.may_be_array) wrong_shape("an array");
      array_ = true;
    } else if (open_.size() == object_depth()) {
      wrong_shape("an array");
    }
    open_ += '[';
    last_ = json_event::opening;
    return true;
  }
  bool key(std::string& name) {
    if (in_entries()) {
      objects.back().entries.push_back({std::move(name), value_kind::null, {}, line});
    }
    last_ = json_event::key;
    return true;
  }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool parse_error(std::size_t end, const std::string& token,
                   const nlohmann::json::exception& why) {
    constexpr int number_too_large = 406;
    if (why.id == number_too_large) {
      throw error(error_kind::misuse, place(source_, line) + ": the number " +
                                          (rules_.show_content ? token.substr(0, 40) + " " : "") +
                                          "is too large");
    }
    const char open = open_.empty() ? '\0' : open_.back();
    const bool empty = last_ == json_event::none && end > text_.size();
    throw error(error_kind::misuse,
                source_ + " " + explain({text_, end, last_, open, rules_.show_content}) +
                    (empty ? "; write at least " + std::string(rules_.example) : ""));
  }

 private:
  std::size_t object_depth() const { return array_ ? 1 : 0; }
  bool in_entries() const { return open_.size() == object_depth() + 1; }

  [[noreturn]] void wrong_shape(const std::string& what) const {
    throw error(error_kind::misuse, place(source_, line) + ": " + what + " where an object {…} " +
                                        (rules_.may_be_array ? "or an array of objects " : "") +
                                        "must be; write " + std::string(rules_.example));
  }

  void finish_entry(value_kind kind, std::string text) {
    entry& last = objects.back().entries.back();
    last.kind = kind;
    last.text = std::move(text);
  }

  bool scalar(value_kind kind, std::string text) {
    if (in_entries()) {
      finish_entry(kind, std::move(text));
    } else if (open_.size() <= object_depth()) {
      wrong_shape("a single value");
    }
    last_ = json_event::value;
    return true;
  }

  bool close() {
    open_.pop_back();
    last_ = json_event::value;
    return true;
  }

  std::string_view text_;
  const std::string& source_;
  const document_rules& rules_;
  std::string open_;  // the brackets that are open, outermost first
  bool array_ = false;
  json_event last_ = json_event::none;
};

}  // namespace

std::vector<object> parse_document(std::string_view text, const std::string& source,
                                   const document_rules& rules) {
  constexpr std::string_view utf8_mark = "\xef\xbb\xbf";
  if (text.substr(0, 3) == utf8_mark) text.remove_prefix(3);
  if (text.substr(0, 2) == "\xff\xfe" || text.substr(0, 2) == "\xfe\xff") {
    throw error(error_kind::misuse,
                source + ": the file is UTF-16, which JSON is not; save it as UTF-8");
  }
  collector events(text, source, rules);
  const counting_iterator first(text.data(), &events.line);
  const counting_iterator last(text.data() + text.size(), &events.line);
  nlohmann::json::sax_parse(first, last, &events);
  return std::move(events.objects);
}

std::string shown(const entry& value) {
  switch (value.kind) {
    case value_kind::text:
      return in_quotes(value.text);
    case value_kind::array:
      return "an array";
    case value_kind::object:
      return "an object";
    case value_kind::number:
    case value_kind::boolean:
    case value_kind::null:
      break;
  }
  return value.text.size() > 60 ? value.text.substr(0, 60) + "…" : value.text;
}

std::string place(const std::string& source, int line) {
  return source + " line " + std::to_string(line);
}

void throw_problems(const std::vector<std::string>& problems) {
  constexpr std::size_t most_shown = 20;
  if (problems.empty()) return;
  std::string text;
  for (std::size_t i = 0; i < problems.size() && i < most_shown; ++i) {
    if (i > 0) text += '\n';
    text += problems[i];
  }
  if (problems.size() > most_shown) {
    text += "\nand " + std::to_string(problems.size() - most_shown) + " more";
  }
  throw error(error_kind::misuse, std::move(text));
}

}  // namespace clusterless::config
