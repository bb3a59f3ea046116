// SPDX-License-Identifier: MIT
#include "emulator/times.hpp"

#include <array>
#include <chrono>
#include <cstdio>

namespace clusterless::emulator {

namespace {

struct calendar {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, weekday = 0;
  ticks fraction = 0;
};

constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<const char*, 7> weekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

calendar split(ticks at) {
  using namespace std::chrono;
  const ticks since_epoch = at - unix_epoch;
  ticks days_of = since_epoch / one_day;
  ticks rest = since_epoch % one_day;
  if (rest < 0) {
    rest += one_day;
    --days_of;
  }
  const sys_days day{days{static_cast<int>(days_of)}};
  const year_month_day date(day);
  calendar made;
  made.year = static_cast<int>(date.year());
  made.month = static_cast<int>(static_cast<unsigned>(date.month()));
  made.day = static_cast<int>(static_cast<unsigned>(date.day()));
  made.weekday = static_cast<int>(weekday(day).c_encoding());
  made.fraction = rest % one_second;
  const auto seconds_of = static_cast<int>(rest / one_second);
  made.hour = seconds_of / 3600;
  made.minute = seconds_of / 60 % 60;
  made.second = seconds_of % 60;
  return made;
}

std::optional<ticks> joined(const calendar& of) {
  using namespace std::chrono;
  const year_month_day date(year(of.year), month(static_cast<unsigned>(of.month)),
                            day(static_cast<unsigned>(of.day)));
  if (!date.ok() || of.hour > 23 || of.minute > 59 || of.second > 60) return std::nullopt;
  const ticks days_of = sys_days(date).time_since_epoch().count();
  return unix_epoch + days_of * one_day +
         (static_cast<ticks>(of.hour) * 3600 + of.minute * 60 + of.second) * one_second +
         of.fraction;
}

/// Reads digits from the front of `text`; false without any.
bool take_number(std::string_view& text, std::int64_t& into) {
  into = 0;
  std::size_t n = 0;
  while (n < text.size() && n < 18 && text[n] >= '0' && text[n] <= '9')
    into = into * 10 + (text[n++] - '0');
  text.remove_prefix(n);
  return n != 0;
}

/// Reads a fraction of a second, as ticks.
ticks take_fraction(std::string_view& text) {
  ticks value = 0;
  ticks scale = one_second;
  while (!text.empty() && text[0] >= '0' && text[0] <= '9') {
    scale /= 10;
    value += scale * (text[0] - '0');
    text.remove_prefix(1);
  }
  return value;
}

std::string fraction_text(ticks fraction) {
  if (fraction == 0) return {};
  char digits[16];
  std::snprintf(digits, sizeof digits, ".%07lld", static_cast<long long>(fraction));
  std::string text(digits);
  while (text.back() == '0')
    text.pop_back();
  return text;
}

}  // namespace

std::string iso_time(ticks at) {
  const calendar of = split(at);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d", of.year, of.month, of.day,
                of.hour, of.minute, of.second);
  return text + fraction_text(of.fraction) + 'Z';
}

std::optional<ticks> parse_iso_time(std::string_view text) {
  calendar of;
  int* const parts[] = {&of.year, &of.month, &of.day, &of.hour, &of.minute, &of.second};
  const char before[] = {'\0', '-', '-', 'T', ':', ':'};
  for (std::size_t i = 0; i < 6; ++i) {
    std::int64_t number = 0;
    if (i == 3 && text.empty()) break;  // a date alone
    if (i != 0) {
      if (text.empty() || text[0] != before[i]) return std::nullopt;
      text.remove_prefix(1);
    }
    if (!take_number(text, number) || number > 9999) return std::nullopt;
    *parts[i] = static_cast<int>(number);
  }
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    of.fraction = take_fraction(text);
  }
  if (!text.empty() && text != "Z" && text != "z" && text != "+00:00") return std::nullopt;
  return joined(of);
}

std::string http_date(ticks at) {
  const calendar of = split(at);
  char text[64];
  std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT",
                weekdays[static_cast<std::size_t>(of.weekday)], of.day,
                months[static_cast<std::size_t>(of.month - 1)], of.year, of.hour, of.minute,
                of.second);
  return text;
}

std::optional<ticks> parse_http_date(std::string_view text) {
  const std::string whole(text);
  calendar of;
  char month[4] = {};
  char zone[4] = {};
  if (std::sscanf(whole.c_str(), "%*3s, %2d %3s %4d %2d:%2d:%2d %3s", &of.day, month, &of.year,
                  &of.hour, &of.minute, &of.second, zone) != 7)
    return std::nullopt;
  for (std::size_t i = 0; i < months.size(); ++i)
    if (std::string_view(months[i]) == month) of.month = static_cast<int>(i) + 1;
  if (of.month == 0 || std::string_view(zone) != "GMT") return std::nullopt;
  return joined(of);
}

std::string iso_duration(ticks length) {
  const ticks whole_days = length / one_day;
  const ticks hours = length % one_day / (60 * one_minute);
  const ticks minutes = length / one_minute % 60;
  const ticks seconds = length / one_second % 60;
  const ticks fraction = length % one_second;
  std::string text = "P";
  if (whole_days != 0) text += std::to_string(whole_days) + 'D';
  if (length % one_day == 0) return whole_days != 0 ? text : "PT0S";
  text += 'T';
  if (hours != 0) text += std::to_string(hours) + 'H';
  if (minutes != 0) text += std::to_string(minutes) + 'M';
  if (seconds != 0 || fraction != 0)
    text += std::to_string(seconds) + fraction_text(fraction) + 'S';
  return text;
}

std::optional<ticks> parse_iso_duration(std::string_view text) {
  if (text.empty() || text[0] != 'P' || text.size() < 3) return std::nullopt;
  text.remove_prefix(1);
  ticks total = 0;
  bool in_time = false;
  while (!text.empty()) {
    if (text[0] == 'T' && !in_time) {
      in_time = true;
      text.remove_prefix(1);
      continue;
    }
    std::int64_t number = 0;
    ticks fraction = 0;
    if (!take_number(text, number)) return std::nullopt;
    if (!text.empty() && text[0] == '.') {
      text.remove_prefix(1);
      fraction = take_fraction(text);
    }
    if (text.empty()) return std::nullopt;
    ticks unit = 0;
    switch (text[0]) {
      case 'W':
        unit = 7 * one_day;
        break;
      case 'D':
        unit = one_day;
        break;
      case 'H':
        unit = 60 * one_minute;
        break;
      case 'M':
        unit = one_minute;
        break;
      case 'S':
        unit = one_second;
        break;
      default:
        return std::nullopt;
    }
    if ((text[0] == 'D' || text[0] == 'W') == in_time) return std::nullopt;
    if (number > (unlimited - total) / unit) return unlimited;
    total += number * unit;
    total = later(total, fraction);
    text.remove_prefix(1);
  }
  return total;
}

std::string entity_tag(ticks at) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%llX", static_cast<unsigned long long>(at));
  return text;
}

}  // namespace clusterless::emulator
