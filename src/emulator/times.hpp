// SPDX-License-Identifier: MIT
// Times and durations as the service writes them. A time is a count of 100 ns since year 1, which
// is also what its entity tags are made of. Pure: who asks brings the clock.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace clusterless::emulator {

/// 100 ns; a point in time counts from 0001-01-01T00:00:00Z.
using ticks = std::int64_t;
inline constexpr ticks one_second = 10'000'000;
inline constexpr ticks one_minute = 60 * one_second;
inline constexpr ticks one_day = 24 * 60 * one_minute;
/// "P10675199DT2H48M5.4775807S": how the service writes "no limit".
inline constexpr ticks unlimited = std::numeric_limits<ticks>::max();
/// 1970-01-01T00:00:00Z.
inline constexpr ticks unix_epoch = 621'355'968'000'000'000;

/// "2022-09-06T23:45:31.168152Z": up to seven digits, no trailing zeros.
std::string iso_time(ticks at);
std::optional<ticks> parse_iso_time(std::string_view text);
/// "Tue, 06 Sep 2022 23:45:28 GMT"
std::string http_date(ticks at);
std::optional<ticks> parse_http_date(std::string_view text);
/// "PT15M", "P7D", "PT1M0.5S"
std::string iso_duration(ticks length);
std::optional<ticks> parse_iso_duration(std::string_view text);
/// "0x8DA9061B2F7BB2F"
std::string entity_tag(ticks at);
/// `at + length` that stays at `unlimited`.
inline ticks later(ticks at, ticks length) {
  return length >= unlimited - at ? unlimited : at + length;
}

}  // namespace clusterless::emulator
