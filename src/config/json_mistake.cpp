// SPDX-License-Identifier: MIT
#include "config/json_mistake.hpp"

#include <algorithm>

#include "config/wording.hpp"

namespace clusterless::config {

namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_in_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '-' || c == '+' || c == '.' || static_cast<unsigned char>(c) >= 0x80;
}

struct token {
  std::string_view text;
  bool broken;  // a text that its line or the file ends, a word that no JSON value is
};

bool is_json_word(std::string_view word) {
  const char last = word.back();
  return word == "true" || word == "false" || word == "null" || (last >= '0' && last <= '9');
}

// The word, text in quotes or sign at `start`, whole.
token token_at(std::string_view text, std::size_t start) {
  std::size_t end = start + 1;
  if (is_in_word(text[start])) {
    while (end < text.size() && is_in_word(text[end]))
      ++end;
    const std::string_view word = text.substr(start, end - start);
    return {word, !is_json_word(word)};
  }
  if (text[start] != '"') return {text.substr(start, 1), false};
  while (end < text.size() && text[end] != '\n' && text[end] != '\r') {
    if (text[end] == '"') return {text.substr(start, end + 1 - start), false};
    end += text[end] == '\\' && end + 1 < text.size() ? 2U : 1U;
  }
  return {text.substr(start, end - start), true};
}

char sign_before(std::string_view text, std::size_t at) {
  while (at > 0 && is_space(text[at - 1]))
    --at;
  return at > 0 ? text[at - 1] : '\0';
}

// Where the token at fault starts: the one that holds the last byte read. All before it was taken.
std::size_t start_of(const json_mistake& m) {
  std::size_t at = 0;
  for (;;) {
    while (at < m.text.size() && is_space(m.text[at]))
      ++at;
    if (at >= m.text.size()) return at;
    const token next = token_at(m.text, at);
    const std::size_t end = at + next.text.size();
    if (next.broken || end >= m.end) return at;
    at = end;
  }
}

std::string what_was_expected(const json_mistake& m, char before) {
  const std::string end = m.open == '[' ? "\"]\"" : "\"}\"";
  const std::string next = m.open == '[' ? "a value" : "a key in double quotes";
  switch (m.last) {
    case json_event::none:
      return "\"{\"";
    case json_event::key:
      return before == ':' ? "a value" : "\":\" between key and value";
    case json_event::opening:
      return next + " or " + end;
    case json_event::value:
      break;
  }
  if (m.open == 0) return "the end of the file";
  if (before == ':' || before == '[') return "a value";  // a part of the token was a value
  return before == ',' ? next : "\",\" or " + end;
}

// What is wrong inside the text in double quotes that starts at `start`; empty when nothing is.
std::string broken_text(const json_mistake& m, std::size_t start, const token& found) {
  if (m.end > m.text.size()) return "this text has no closing quote";
  if (m.end == start + found.text.size() && !found.broken) return {};
  const char last = m.text[m.end - 1];
  const char before_last = m.text[m.end - 2];
  if (last == '\n' || last == '\r') return "this text has no closing quote";
  if (static_cast<unsigned char>(last) < 0x20) return "this text holds a control character";
  if (static_cast<unsigned char>(last) >= 0x80) return "this text is not UTF-8";
  if (before_last == '\\') return "a backslash inside a text is written \\\\";
  if (static_cast<unsigned char>(before_last) >= 0x80) return "this text is not UTF-8";
  return "this text holds a broken \\u escape";
}

// The usual slip behind it, as "; what to do"; empty when there is none that is known.
std::string advice(const json_mistake& m, std::string_view found, char before) {
  const char first = found.front();
  if (first == '\'') return "; texts stand in double quotes";
  if (first == '/' || first == '#') return "; JSON has no comments";
  if ((first == '}' || first == ']') && before == ',') return "; remove the comma before it";
  if (first == '"' && m.last == json_event::value && m.open != 0 && before != ',') {
    return "; put a comma before it";
  }
  const bool wants_text = before == ':' || before == ',' || m.last == json_event::opening;
  if (!wants_text || !is_in_word(first)) return {};
  constexpr std::string_view of_numbers = "+-.0123456789";
  return of_numbers.find(first) != std::string_view::npos ? "; JSON writes numbers as 5, -5 or 0.5"
                                                          : "; texts stand in double quotes";
}

std::string found_what(const json_mistake& m, std::size_t start) {
  const char before = sign_before(m.text, start);
  if (start >= m.text.size()) {
    if (m.last == json_event::none) return "the file is empty";
    return "the file ends here, but " + what_was_expected(m, before) + " is missing";
  }
  const token found = token_at(m.text, start);
  const bool is_text = found.text.front() == '"';
  const std::string broken = is_text ? broken_text(m, start, found) : std::string();
  if (!broken.empty()) {
    return broken + (m.show_content ? ": " + in_quotes(found.text.substr(1), 40) : "");
  }
  constexpr std::string_view signs = "{}[]:,";
  const bool show = m.show_content || signs.find(found.text.front()) != std::string_view::npos;
  const std::string_view content =
      is_text ? found.text.substr(1, found.text.size() - 2) : found.text;
  return "found " + (show ? in_quotes(content, 40) : "something that may be a secret") +
         " instead of " + what_was_expected(m, before) + advice(m, found.text, before);
}

}  // namespace

std::string explain(const json_mistake& m) {
  const std::size_t start = start_of(m);
  const std::string_view until = m.text.substr(0, start);
  const auto line = std::count(until.begin(), until.end(), '\n') + 1;
  const std::size_t line_start = until.rfind('\n') + 1;
  const auto column =
      1 + std::count_if(until.begin() + static_cast<std::ptrdiff_t>(line_start), until.end(),
                        [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; });
  return "line " + std::to_string(line) + " column " + std::to_string(column) +
         ": this is not JSON: " + found_what(m, start);
}

}  // namespace clusterless::config
