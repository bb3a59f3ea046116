// SPDX-License-Identifier: MIT
// A request and an answer as plain values, so that everything behind the socket can be tested
// without one. Paths stay percent-encoded as they came, because signatures are over them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clusterless::emulator {

struct http_request {
  std::string method = {};
  std::string path = {};                            ///< as received, still encoded
  std::map<std::string, std::string> query = {};    ///< decoded; names in lower case
  std::map<std::string, std::string> headers = {};  ///< names in lower case
  std::string body = {};
  bool tls = false;

  /// A header, or empty.
  std::string header(const std::string& lower_name) const;
  /// A query parameter, or empty.
  std::string parameter(const std::string& lower_name) const;
};

struct http_answer {
  int status = 200;
  std::string reason = {};  ///< empty: the usual words
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  bool chunked = true;  ///< else with Content-Length
  /// The body is this part of a file.
  std::string file = {};
  std::size_t file_offset = 0;
  std::size_t file_length = 0;

  std::string header(std::string_view name) const;
};

/// Splits "/path?a=b" into path and decoded query.
void split_target(std::string_view target, http_request& into);
/// %41 becomes A; what is no escape stays. '+' becomes a space only when asked for.
std::string percent_decoded(std::string_view text, bool plus_is_space = false);
/// Everything but A-Z a-z 0-9 - _ . ~ and `keep` is escaped.
std::string percent_encoded(std::string_view text, std::string_view keep = {});
std::string in_lower_case(std::string_view text);
/// Whether both are equal but for case.
bool same_text(std::string_view a, std::string_view b);

}  // namespace clusterless::emulator
