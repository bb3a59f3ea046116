// SPDX-License-Identifier: MIT
#include "azure/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>

namespace clusterless::azure {
namespace {

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr std::array<const char*, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<const char*, 7> days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

std::tm broken_down(std::int64_t unix_seconds) {
  const auto time = static_cast<std::time_t>(unix_seconds);
  std::tm out = {};
  ::gmtime_r(&time, &out);
  return out;
}

/// A number of exactly `digits` digits at `at`; -1 when there is none.
int number_at(std::string_view text, std::size_t at, std::size_t digits) {
  if (at + digits > text.size()) return -1;
  int value = 0;
  for (const char c : text.substr(at, digits)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::optional<std::int64_t> seconds_of(int year, int month, int day, int hour, int minute,
                                       int second) {
  if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 ||
      minute < 0 || minute > 59 || second < 0 || second > 60)
    return std::nullopt;
  std::tm parts = {};
  parts.tm_year = year - 1900;
  parts.tm_mon = month - 1;
  parts.tm_mday = day;
  parts.tm_hour = hour;
  parts.tm_min = minute;
  parts.tm_sec = second;
  return static_cast<std::int64_t>(::timegm(&parts));
}

}  // namespace

std::string percent_encoded(std::string_view text, std::string_view keep) {
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c) || keep.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      out += "0123456789ABCDEF"[static_cast<unsigned char>(c) >> 4];
      out += "0123456789ABCDEF"[c & 15];
    }
  }
  return out;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::optional<url_parts> split_url(std::string_view url) {
  url_parts out;
  const auto colon = url.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  out.scheme = url.substr(0, colon);
  if (out.scheme != "http" && out.scheme != "https") return std::nullopt;
  std::string_view rest = url.substr(colon + 3);
  rest = rest.substr(0, rest.find('#'));
  const auto mark = rest.find('?');
  if (mark != std::string_view::npos) out.query = rest.substr(mark + 1);
  rest = rest.substr(0, mark);
  const auto slash = rest.find('/');
  out.host = rest.substr(0, slash);
  if (slash != std::string_view::npos) out.path = rest.substr(slash);
  if (out.host.empty()) return std::nullopt;
  return out;
}

query parse_query(std::string_view text) {
  query out;
  while (!text.empty()) {
    const auto end = text.find('&');
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (one.empty()) continue;
    const auto equals = one.find('=');
    out.emplace_back(
        percent_decoded(one.substr(0, equals)),
        equals == std::string_view::npos ? std::string() : percent_decoded(one.substr(equals + 1)));
  }
  return out;
}

std::string to_text(const query& of) {
  std::string out;
  for (const auto& [name, value] : of) {
    out += out.empty() ? '?' : '&';
    out += percent_encoded(name, "$") + "=" + percent_encoded(value);
  }
  return out;
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && lower_case(a) == lower_case(b);
}

std::string http_date(std::int64_t unix_seconds) {
  const std::tm t = broken_down(unix_seconds);
  char out[64];
  std::snprintf(out, sizeof out, "%s, %02d %s %04d %02d:%02d:%02d GMT",
                days[static_cast<std::size_t>(t.tm_wday)], t.tm_mday,
                months[static_cast<std::size_t>(t.tm_mon)], t.tm_year + 1900, t.tm_hour, t.tm_min,
                t.tm_sec);
  return out;
}

std::optional<std::int64_t> parse_http_date(std::string_view text) {
  if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT")
    return std::nullopt;
  const auto month = std::find(months.begin(), months.end(), text.substr(8, 3));
  return seconds_of(number_at(text, 12, 4), static_cast<int>(month - months.begin()) + 1,
                    number_at(text, 5, 2), number_at(text, 17, 2), number_at(text, 20, 2),
                    number_at(text, 23, 2));
}

std::string iso_time(std::int64_t unix_seconds) {
  const std::tm t = broken_down(unix_seconds);
  char out[64];
  std::snprintf(out, sizeof out, "%04d-%02d-%02dT%02d:%02d:%02dZ", t.tm_year + 1900, t.tm_mon + 1,
                t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
  return out;
}

std::optional<std::int64_t> parse_iso_time(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':' || text.back() != 'Z')
    return std::nullopt;
  const auto seconds =
      seconds_of(number_at(text, 0, 4), number_at(text, 5, 2), number_at(text, 8, 2),
                 number_at(text, 11, 2), number_at(text, 14, 2), number_at(text, 17, 2));
  if (!seconds) return std::nullopt;
  std::string_view fraction = text.substr(19, text.size() - 20);
  int ms = 0;
  if (!fraction.empty()) {
    if (fraction.front() != '.' || fraction.size() < 2 || fraction.size() > 10) return std::nullopt;
    fraction.remove_prefix(1);
    if (number_at(fraction, 0, fraction.size()) < 0) return std::nullopt;
    std::string digits(fraction.substr(0, 3));
    digits.resize(3, '0');
    ms = number_at(digits, 0, 3);
  }
  return *seconds * 1000 + ms;
}

std::string iso_duration(std::int64_t seconds) {
  std::string out = "PT";
  const std::pair<std::int64_t, char> units[] = {{3600, 'H'}, {60, 'M'}, {1, 'S'}};
  for (const auto& [unit, letter] : units) {
    if (seconds >= unit) out += std::to_string(seconds / unit) + letter;
    seconds %= unit;
  }
  return out.size() == 2 ? "PT0S" : out;
}

std::string scrubbed(std::string_view text) {
  // What stands before a secret, and what ends it.
  constexpr std::pair<std::string_view, std::string_view> marks[] = {
      {"sig=", "& \t\r\n\"'<>\\;,"},
      {"sig%3d", "%& \t\r\n\"'<>\\;,"},
      {"accountkey=", "; \t\r\n\"'"},
      {"client_secret=", "& \t\r\n\"'"},
      {"client_assertion=", "& \t\r\n\"'"},
      {"sharedkey ", " \t\r\n\"'"},
      {"bearer ", " \t\r\n\"'"},
      {"\"access_token\":\"", "\""},
      {"\"password\":\"", "\""},
  };
  const std::string lower = lower_case(text);
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto mark = std::find_if(std::begin(marks), std::end(marks), [&](const auto& one) {
      return lower.compare(at, one.first.size(), one.first) == 0;
    });
    if (mark == std::end(marks)) {
      out += text[at++];
      continue;
    }
    out += text.substr(at, mark->first.size());
    at += mark->first.size();
    const auto end = std::min(text.find_first_of(mark->second, at), text.size());
    if (end > at) out += "***";
    at = end;
  }
  return out;
}

}  // namespace clusterless::azure
