// SPDX-License-Identifier: MIT
// What several operations share: pages of lists, single entities, conditions of headers.
#include <algorithm>

#include "emulator/api.hpp"
#include "emulator/odata.hpp"
#include "emulator/render.hpp"

namespace clusterless::emulator {

namespace {

const char* const json_type = "application/json;odata=minimalmetadata";

std::int64_t page_size(const http_request& request, std::int64_t most) {
  const std::string text = request.parameter("maxresults");
  if (text.empty()) return most;
  char* end = nullptr;
  const long wanted = std::strtol(text.c_str(), &end, 10);
  if (*end != '\0' || wanted < 1 || wanted > most)
    bad_query("maxresults", text, "The value must be between 1 and " + std::to_string(most));
  return wanted;
}

std::string next_link(const http_request& request, const std::string& base,
                      const std::string& after) {
  std::string link = base + request.path + '?';
  for (const auto& [name, value] : request.query)
    if (name != "$skiptoken" && name != "timeout")
      link += name + '=' + percent_encoded(value) + '&';
  return link + "$skiptoken=" + percent_encoded(base64_encoded(after));
}

}  // namespace

http_answer batch_api::page(const call& of, const char* type,
                            const std::function<bool(const std::string& after, row& into)>& next,
                            std::int64_t most) {
  const http_request& request = of.request;
  const std::int64_t room = page_size(request, most);
  const std::string filter_text = request.parameter("$filter");
  const odata_filter filter = filter_text.empty() ? odata_filter() : odata_filter(filter_text);
  const auto names = parse_select(request.parameter("$select"));
  std::string after;
  if (const std::string token = request.parameter("$skiptoken");
      !token.empty() && !base64_decoded(token, after))
    bad_query("$skiptoken", token, "The token was not given by this service");
  json body{{"odata.metadata", of.base + "/$metadata#" + type}, {"value", json::array()}};
  json& value = body["value"];
  row each;
  std::string last = after;
  while (next(last, each)) {
    if (!filter.passes(each.field)) {
      last = each.key;
      continue;
    }
    if (static_cast<std::int64_t>(value.size()) == room) {
      body["odata.nextLink"] = next_link(request, of.base, last);
      break;
    }
    value.push_back(selected(each.document(), names));
    last = each.key;
  }
  http_answer made;
  made.headers.emplace_back("Content-Type", json_type);
  made.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  return made;
}

http_answer batch_api::page(const call& of, const char* type, const json& documents,
                            std::int64_t most) {
  std::size_t from = 0;
  const auto next = [&](const std::string& after, row& into) {
    from = after.empty() ? 0 : static_cast<std::size_t>(std::strtoull(after.c_str(), nullptr, 10));
    if (from >= documents.size()) return false;
    const json& document = documents[from];
    into.key = std::to_string(from + 1);
    into.field = [&document](std::string_view path) { return value_at(document, path); };
    into.document = [&document] { return document; };
    return true;
  };
  return page(of, type, next, most);
}

http_answer batch_api::entity(const call& of, const char* type, const json& document,
                              ticks modified) {
  check_conditions(of, modified);
  http_answer made;
  made.headers.emplace_back("ETag", entity_tag(modified));
  made.headers.emplace_back("Last-Modified", http_date(modified));
  if (of.request.method == "HEAD") {
    made.chunked = false;
    return made;
  }
  made.headers.emplace_back("Content-Type", json_type);
  json body{{"odata.metadata", of.base + "/$metadata#" + type + "/@Element"}};
  body.update(selected(document, parse_select(of.request.parameter("$select"))));
  made.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  return made;
}

http_answer batch_api::accepted(const call& of, int status, ticks modified) {
  http_answer made;
  made.status = status;
  if (modified == 0) return made;
  made.headers.emplace_back("ETag", entity_tag(modified));
  made.headers.emplace_back("Last-Modified", http_date(modified));
  made.headers.emplace_back("DataServiceId", of.base + of.request.path);
  return made;
}

void batch_api::check_conditions(const call& of, ticks modified) {
  const auto matches = [&](const std::string& header) {
    std::string tag = header;
    tag.erase(std::remove(tag.begin(), tag.end(), '"'), tag.end());
    return tag == "*" || tag == entity_tag(modified);
  };
  const auto whole_second = modified / one_second;
  const std::string match = of.request.header("if-match");
  const std::string none = of.request.header("if-none-match");
  const auto since = parse_http_date(of.request.header("if-modified-since"));
  const auto unmodified = parse_http_date(of.request.header("if-unmodified-since"));
  const bool reads = of.request.method == "GET" || of.request.method == "HEAD";
  if (!match.empty() && !matches(match)) refuse("ConditionNotMet");
  if (unmodified && whole_second > *unmodified / one_second) refuse("ConditionNotMet");
  const bool unchanged = (!none.empty() && matches(none)) ||
                         (none.empty() && since && whole_second <= *since / one_second);
  if (unchanged && reads) throw service_error(304, "NotModified", "Not modified");
  if (unchanged) refuse("ConditionNotMet");
}

}  // namespace clusterless::emulator
