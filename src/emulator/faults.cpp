// SPDX-License-Identifier: MIT
#include "emulator/faults.hpp"

#include <clusterless/error.hpp>

#include "emulator/api.hpp"

namespace clusterless::emulator {

namespace {

http_answer refusal(const json& rule, const http_request& request, ticks now) {
  const auto status = static_cast<int>(number_of(rule, "status", 503));
  const char* usual = status == 429   ? "TooManyRequests"
                      : status == 503 ? "ServerBusy"
                      : status == 403 ? "AuthenticationFailed"
                                      : "InternalError";
  const service_error known = service_says(text_of(rule, "code", usual));
  const service_error said(status, known.code(), known.message());
  const std::string id = random_uuid();
  // The directory has an error of another form: "OAuth 2.0 client credentials flow".
  if (request.path.ends_with("/token") && rule.contains("code")) {
    http_answer made;
    made.status = status;
    made.chunked = false;
    made.headers.emplace_back("Content-Type", "application/json; charset=utf-8");
    made.body = json{{"error", "invalid_client"},
                     {"error_description", text_of(rule, "code") + ": " +
                                               text_of(rule, "message", "Refused on request.")}}
                    .dump();
    return made;
  }
  http_answer made = error_body(said, "http://" + request.header("host"), now, id);
  made.headers.emplace_back("request-id", id);
  if (const json& wait = member(rule, "retry_after"); !wait.is_null())
    made.headers.emplace_back("Retry-After",
                              wait.is_string() ? wait.get<std::string>() : wait.dump());
  if (request.method == "HEAD") made.body.clear();
  return made;
}

}  // namespace

void fault_book::add(const json& given) {
  static constexpr const char* effects[] = {"status", "reset", "delay_ms", "slow_ms", "truncate"};
  bool any = false;
  for (const char* each : effects)
    any = any || given.contains(each);
  const std::string reset = text_of(given, "reset");
  if (!any || (!reset.empty() && reset != "before" && reset != "after"))
    throw error(error_kind::misuse,
                "this is no fault: " + given.dump() +
                    "; give status, reset (before or after), delay_ms, slow_ms or truncate");
  rule made;
  made.given = given;
  made.method = text_of(member(given, "match"), "method");
  made.path = text_of(member(given, "match"), "path");
  made.skip = number_of(given, "skip", 0);
  made.times = number_of(given, "times", 1);
  rules_.push_back(std::move(made));
}

json fault_book::all() const {
  json made = json::array();
  for (const rule& each : rules_) {
    json one = each.given;
    one["hits"] = each.hits;
    made.push_back(std::move(one));
  }
  return made;
}

http_fault fault_book::choose(const http_request& request, ticks now) {
  http_fault made;
  for (rule& each : rules_) {
    if (each.times <= 0 || (!each.method.empty() && !same_text(each.method, request.method)) ||
        request.path.find(each.path) == std::string::npos)
      continue;
    if (each.skip > 0) {
      --each.skip;
      continue;
    }
    --each.times;
    ++each.hits;
    made.reset_before = text_of(each.given, "reset") == "before";
    made.reset_after = text_of(each.given, "reset") == "after";
    made.delay_ms = static_cast<int>(number_of(each.given, "delay_ms", 0));
    made.slow_ms = static_cast<int>(number_of(each.given, "slow_ms", 0));
    if (const auto bytes = number_of(each.given, "truncate", -1); bytes >= 0)
      made.truncate = static_cast<std::size_t>(bytes);
    if (each.given.contains("status")) made.answer = refusal(each.given, request, now);
    return made;
  }
  return made;
}

}  // namespace clusterless::emulator
