// SPDX-License-Identifier: MIT
#include "azure/service_error.hpp"

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "azure/text.hpp"
#include "azure/xml.hpp"

namespace clusterless::azure {
namespace {

using json = nlohmann::json;

std::string text_in(const json& from, const char* name) {
  const auto at = from.find(name);
  return at != from.end() && at->is_string() ? at->get<std::string>() : std::string();
}

/// Batch: "First sentence.\nRequestId:…\nTime:…".
void take_message(service_error& to, std::string_view text) {
  for (bool first = true; !text.empty(); first = false) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    constexpr std::string_view id = "RequestId:", time = "Time:";
    if (first) {
      to.message = line;
    } else if (line.starts_with(id)) {
      to.request_id = line.substr(id.size());
    } else if (line.starts_with(time)) {
      to.time = line.substr(time.size());
    } else if (!line.empty()) {
      to.message += " " + std::string(line);
    }
  }
}

void take_json(service_error& to, const json& from) {
  to.code = text_in(from, "code");
  const auto message = from.find("message");
  if (message != from.end() && message->is_object()) take_message(to, text_in(*message, "value"));
  if (message != from.end() && message->is_string()) take_message(to, message->get<std::string>());
  const auto values = from.find("values");
  if (values == from.end() || !values->is_array()) return;
  for (const json& one : *values)
    if (one.is_object()) to.values.emplace_back(text_in(one, "key"), text_in(one, "value"));
}

void take_body(service_error& to, const response& from) {
  if (from.body.empty()) return;
  const json read = json::parse(from.body, nullptr, false);
  if (read.is_object()) {
    // The token and instance metadata services nest theirs in "error", or give a bare word.
    const auto error = read.find("error");
    if (error != read.end() && error->is_object()) return take_json(to, *error);
    take_json(to, read);
    if (error != read.end() && error->is_string()) {
      to.code = error->get<std::string>();
      take_message(to, text_in(read, "error_description"));
    }
    return;
  }
  if (const auto told = read_blob_error(from.body)) {
    to.code = told->code;
    take_message(to, told->message);
    return;
  }
  to.message = from.body.substr(0, 200);
}

std::string clock_hint(const response& from, std::int64_t clock_s) {
  const auto theirs = parse_http_date(from.value_of("date"));
  if (!theirs) return {};
  const std::int64_t ahead = clock_s - *theirs;
  if (std::llabs(ahead) < 300) return {};
  return "this machine's clock is " + std::to_string(std::llabs(ahead) / 60) + " min " +
         (ahead > 0 ? "ahead of" : "behind") +
         " the service's, which takes requests of at most 15 min; set the clock";
}

std::string hint_for(const service_error& of, const response& from, std::int64_t clock_s) {
  if (of.status == 401 || of.status == 403) {
    std::string clock = clock_hint(from, clock_s);
    if (!clock.empty()) return clock;
    return "check the key, token or role of this account in the credentials";
  }
  if (of.status == 429 || of.status == 503) return "the service is busy; try again later";
  if (of.failed == failure::untrusted)
    return "if the service is the right one, name a file with the certificate of its authority in "
           "CURL_CA_BUNDLE";
  if (of.failed == failure::unreachable)
    return "check the address, the network and the proxy (http_proxy, https_proxy, no_proxy)";
  return {};
}

}  // namespace

bool service_error::is(std::string_view other) const {
  return same_word(code, other);
}

error_kind service_error::kind() const {
  switch (failed) {
    case failure::none:
      break;
    case failure::refused:
    case failure::untrusted:
      return error_kind::misuse;
    case failure::too_large:
      return error_kind::failed;
    default:
      return error_kind::busy;
  }
  switch (status) {
    case 400:
    case 401:
    case 403:
    case 405:
    case 413:
      return error_kind::misuse;
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
      return error_kind::busy;
    default:
      return error_kind::failed;
  }
}

std::string service_error::text() const {
  std::string out = "cannot " + what + ": ";
  if (failed != failure::none) {
    const auto parts = split_url(url);
    out += (parts ? std::string(parts->host) : url) + " " + to_string(failed);
    if (!message.empty()) out += " (" + message + ")";
  } else {
    out += message.empty() ? "the service gave no reason" : message;
    out += " (" + (code.empty() ? std::string() : code + ", ") + "HTTP " + std::to_string(status);
    if (!request_id.empty()) out += ", request " + request_id;
    out += ")";
  }
  for (const auto& [key, value] : values)
    out += "; " + key + ": " + value;
  if (attempts > 1) out += "; tried " + std::to_string(attempts) + " times";
  if (!hint.empty()) out += "; " + hint;
  return out;
}

void service_error::raise() const {
  throw clusterless::error(kind(), text());
}

service_error read_error(const response& from, std::string what, std::string_view url,
                         std::int64_t clock_s) {
  service_error out;
  out.what = std::move(what);
  out.url = scrubbed(url);
  out.failed = from.failed;
  out.status = from.status;
  if (from.failed != failure::none) {
    out.message = scrubbed(from.why);
  } else {
    take_body(out, from);
    if (out.code.empty()) out.code = from.value_of("x-ms-error-code");
    for (const char* name : {"request-id", "x-ms-request-id"})
      if (out.request_id.empty()) out.request_id = from.value_of(name);
    out.message = scrubbed(out.message);
    for (auto& [key, value] : out.values)
      value = scrubbed(value);
  }
  out.hint = hint_for(out, from, clock_s);
  return out;
}

}  // namespace clusterless::azure
