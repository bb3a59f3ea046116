// SPDX-License-Identifier: MIT
#include "core/text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace clusterless::core {

std::string last_lines(std::string_view text, int lines) {
  while (!text.empty() && text.back() == '\n')
    text.remove_suffix(1);
  std::size_t start = text.size() + 1;  // one past the line break before what is kept
  while (lines-- > 0 && start != 0) {
    const std::size_t line_break = start < 2 ? std::string_view::npos : text.rfind('\n', start - 2);
    start = line_break == std::string_view::npos ? 0 : line_break + 1;
  }
  return start > text.size() ? std::string() : std::string(text.substr(start));
}

namespace {

template <class... Args>
std::string print(const char* form, Args... args) {
  char text[64];
  std::snprintf(text, sizeof text, form, args...);
  return text;
}

}  // namespace

std::string duration_text(std::int64_t nanoseconds) {
  const double seconds = static_cast<double>(nanoseconds) / 1e9;
  // The limits are where the number would be rounded up to a full next unit.
  if (seconds < 0.9995e-3) return print("%.0f us", seconds * 1e6);
  if (seconds < 0.9995) return print("%.0f ms", seconds * 1e3);
  if (seconds < 59.95) return print("%.1f s", seconds);
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 3600) return print("%d min %d s", int(whole / 60), int(whole % 60));
  return print("%d h %d min", int(whole / 3600), int(whole % 3600 / 60));
}

std::string size_text(std::uint64_t bytes) {
  if (bytes < 1024) return print("%d B", int(bytes));
  const char* units[] = {"KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes) / 1024;
  int unit = 0;
  while (value >= 1023.95 && unit < 3) {
    value /= 1024;
    ++unit;
  }
  return print("%.1f ", value) + units[unit];
}

std::string count_text(std::uint64_t n, std::string_view what) {
  std::string text = std::to_string(n) + ' ';
  text += what;
  if (n != 1) text += 's';
  return text;
}

std::string zero_ended(const std::vector<std::string>& texts) {
  std::string all;
  for (const auto& each : texts)
    all.append(each).push_back('\0');
  return all;
}

std::vector<std::string> split_zero_ended(const std::byte* from, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(from), size);
  std::vector<std::string> texts;
  while (!rest.empty()) {
    const std::size_t n = std::min(rest.find('\0'), rest.size());
    texts.emplace_back(rest.substr(0, n));
    rest.remove_prefix(std::min(n + 1, rest.size()));
  }
  return texts;
}

std::string to_hex_digits(const void* from, std::size_t size) {
  constexpr char digits[] = "0123456789abcdef";
  const auto* bytes = static_cast<const unsigned char*>(from);
  std::string text;
  text.reserve(2 * size);
  for (std::size_t i = 0; i < size; ++i) {
    text += digits[bytes[i] >> 4];
    text += digits[bytes[i] & 15];
  }
  return text;
}

std::optional<std::vector<std::byte>> from_hex_digits(std::string_view digits) {
  if (digits.size() % 2 != 0) return std::nullopt;
  std::vector<std::byte> bytes;
  bytes.reserve(digits.size() / 2);
  for (std::size_t at = 0; at < digits.size(); at += 2) {
    unsigned value = 0;
    const char* const end = digits.data() + at + 2;
    const auto [stop, bad] = std::from_chars(digits.data() + at, end, value, 16);
    if (bad != std::errc() || stop != end) return std::nullopt;
    bytes.push_back(static_cast<std::byte>(value));
  }
  return bytes;
}

std::string shell_word(std::string_view text) {
  std::string word = "'";
  for (const char c : text)
    if (c == '\'')
      word += "'\\''";
    else
      word += c;
  return word + "'";
}

}  // namespace clusterless::core
