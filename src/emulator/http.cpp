// SPDX-License-Identifier: MIT
#include "emulator/http.hpp"

#include <algorithm>
#include <cctype>

namespace clusterless::emulator {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string http_request::header(const std::string& lower_name) const {
  const auto at = headers.find(lower_name);
  return at == headers.end() ? std::string() : at->second;
}

std::string http_request::parameter(const std::string& lower_name) const {
  const auto at = query.find(lower_name);
  return at == query.end() ? std::string() : at->second;
}

std::string http_answer::header(std::string_view name) const {
  for (const auto& [each, value] : headers)
    if (same_text(each, name)) return value;
  return {};
}

void split_target(std::string_view target, http_request& into) {
  const auto mark = target.find('?');
  into.path = std::string(target.substr(0, mark));
  into.query.clear();
  std::string_view rest =
      mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  while (!rest.empty()) {
    const auto end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    const auto equals = pair.find('=');
    if (!pair.empty())
      into.query[in_lower_case(percent_decoded(pair.substr(0, equals), true))] =
          equals == std::string_view::npos ? std::string()
                                           : percent_decoded(pair.substr(equals + 1), true);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
}

std::string percent_decoded(std::string_view text, bool plus_is_space) {
  std::string made;
  made.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
        hex_digit(text[i + 2]) >= 0) {
      made += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      made += text[i] == '+' && plus_is_space ? ' ' : text[i];
    }
  }
  return made;
}

std::string percent_encoded(std::string_view text, std::string_view keep) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string made;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.' || c == '~' ||
        keep.find(c) != std::string_view::npos) {
      made += c;
    } else {
      made += '%';
      made += digits[byte >> 4];
      made += digits[byte & 15];
    }
  }
  return made;
}

std::string in_lower_case(std::string_view text) {
  std::string made(text);
  std::transform(made.begin(), made.end(), made.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return made;
}

bool same_text(std::string_view a, std::string_view b) {
  return a.size() == b.size() && in_lower_case(a) == in_lower_case(b);
}

}  // namespace clusterless::emulator
