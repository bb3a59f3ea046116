// SPDX-License-Identifier: MIT
// The texts of the protocol: URLs and their encoding, dates as HTTP and as JSON write them, and
// what must be taken out of a text before anybody sees it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clusterless::azure {

/// Everything but the unreserved characters of RFC 3986 and those in `keep` as %XX.
std::string percent_encoded(std::string_view text, std::string_view keep = {});
/// %XX back to bytes; a % that begins no such group stays.
std::string percent_decoded(std::string_view text);

/// The parts of an absolute URL as they stand in it, still encoded.
struct url_parts {
  std::string_view scheme = {};  ///< "https"
  std::string_view host = {};    ///< with the port, if one is given
  std::string_view path = {};    ///< from its first '/'; empty when there is none
  std::string_view query = {};   ///< without the '?'
};
/// Nothing when `url` does not begin with http:// or https:// and a host.
std::optional<url_parts> split_url(std::string_view url);

using query = std::vector<std::pair<std::string, std::string>>;
/// Names and values, decoded, in their order.
query parse_query(std::string_view text);
/// "?a=1&b=2", encoded; "" when there is nothing in it.
std::string to_text(const query& of);

std::string lower_case(std::string_view text);
/// Equal but for the case of ASCII letters: how header names, ids and enumerators compare.
bool same_word(std::string_view a, std::string_view b);

/// "Tue, 24 Nov 2026 00:02:44 GMT" (RFC 9110, 5.6.7).
std::string http_date(std::int64_t unix_seconds);
std::optional<std::int64_t> parse_http_date(std::string_view text);
/// "2026-11-24T00:02:44Z".
std::string iso_time(std::int64_t unix_seconds);
/// Milliseconds since 1970 of "2026-11-24T00:02:44.1234567Z", with 0 to 9 digits of a fraction.
std::optional<std::int64_t> parse_iso_time(std::string_view text);
/// ISO 8601: "PT1H30M", "PT0S".
std::string iso_duration(std::int64_t seconds);

/// `text` (a URL, a body, a message) with the value of every sig=, of every "sig" and of what
/// follows Bearer, SharedKey, AccountKey=, client_secret=, client_assertion= and access_token
/// replaced by ***.
std::string scrubbed(std::string_view text);

}  // namespace clusterless::azure
