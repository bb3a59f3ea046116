// SPDX-License-Identifier: MIT
#include "support/blob_proxy.hpp"

#include <optional>

#include "azure/http.hpp"
#include "azure/text.hpp"

namespace clusterless::tests {
namespace {

constexpr const char* account = "/devstoreaccount1";

/// What came in, to be sent on; its signature stays good, since the host is not signed.
azure::request request_from(const std::string& text, const std::string& host) {
  azure::request out;
  const auto head_end = text.find("\r\n\r\n");
  std::string_view head = std::string_view(text).substr(0, head_end);
  const auto line_end = head.find("\r\n");
  const std::string_view line = head.substr(0, line_end);
  const auto first = line.find(' '), second = line.find(' ', first + 1);
  out.method = line.substr(0, first);
  out.url = host + std::string(line.substr(first + 1, second - first - 1));
  out.body = text.substr(head_end + 4);
  head.remove_prefix(line_end);
  while (!head.empty()) {
    head.remove_prefix(2);
    const std::string_view one = head.substr(0, head.find("\r\n"));
    head.remove_prefix(one.size());
    const auto colon = one.find(':');
    const std::string_view name = one.substr(0, colon);
    if (azure::same_word(name, "host") || azure::same_word(name, "content-length")) continue;
    out.headers.push_back({std::string(name), std::string(one.substr(colon + 2))});
  }
  return out;
}

std::string text_of(const azure::response& from, bool head_only) {
  std::string out = "HTTP/1.1 " + std::to_string(from.status) + " Said\r\n";
  for (const azure::header& one : from.headers)
    if (!azure::same_word(one.name, "transfer-encoding") &&
        !azure::same_word(one.name, "connection") && !azure::same_word(one.name, "keep-alive") &&
        (head_only || !azure::same_word(one.name, "content-length")))
      out += one.name + ": " + one.value + "\r\n";
  if (!head_only) out += "Content-Length: " + std::to_string(from.body.size()) + "\r\n";
  return out + "\r\n" + from.body;
}

}  // namespace

blob_proxy::blob_proxy(const azurite& server, std::function<fault(const std::string&)> decide)
    : server_(server),
      decide_(std::move(decide)),
      front_([this](const std::string& request) { return forward(request); }) {}

std::string blob_proxy::connection_string() const {
  std::string out = server_.connection_string;
  const auto at = out.find(server_.endpoint);
  return out.replace(at, server_.endpoint.size(), front_.url() + account);
}

raw_answer blob_proxy::forward(const std::string& request) const {
  const fault what = decide_(request.substr(0, request.find("\r\n")));
  if (what == fault::lost_before) return {.close = true};
  if (what == fault::busy) return {http_answer(503, "", "Retry-After: 0\r\n")};
  const std::string host = server_.endpoint.substr(0, server_.endpoint.find(account));
  const auto over = azure::make_curl_transport({.proxies_from_environment = false});
  std::optional<azure::response> got;
  over->submit(request_from(request, host), [&](azure::response&& one) { got = std::move(one); });
  while (!got)
    over->poll(1000);
  if (what == fault::lost_after || got->failed != azure::failure::none) return {.close = true};
  return {text_of(*got, request.starts_with("HEAD"))};
}

}  // namespace clusterless::tests
