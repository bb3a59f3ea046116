// SPDX-License-Identifier: MIT
#include "azure/shared_key.hpp"

#include <algorithm>
#include <map>

#include "azure/crypto.hpp"
#include "azure/text.hpp"

namespace clusterless::azure {
namespace {

std::string value_of(const request& what, std::string_view name) {
  const std::string* found = what.find(name);
  return found != nullptr ? *found : std::string();
}

/// The Content-Length as it goes over the wire; empty when none does.
std::string length_of(service of, const request& what) {
  if (const std::string* given = what.find("content-length")) return *given;
  const std::size_t n = what.content_length();
  const bool has_body = what.method == "PUT" || what.method == "POST" || what.method == "PATCH";
  if (n == 0 && (!has_body || of == service::blob)) return {};
  return std::to_string(n);
}

std::string trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t") - begin + 1));
}

std::string special_headers(std::string_view prefix, const request& what) {
  std::map<std::string, std::string> found;
  for (const header& one : what.headers) {
    const std::string name = lower_case(one.name);
    if (name.starts_with(prefix)) found[name] = trimmed(one.value);
  }
  std::string out;
  for (const auto& [name, value] : found)
    out += name + ":" + value + "\n";
  return out;
}

std::string resource_of(const std::string& account, const request& what) {
  const auto url = split_url(what.url);
  std::string out = "/" + account + std::string(url ? url->path : "/");
  std::map<std::string, std::vector<std::string>> values;
  for (const auto& [name, value] : parse_query(url ? url->query : ""))
    values[lower_case(name)].push_back(value);
  for (auto& [name, all] : values) {
    std::sort(all.begin(), all.end());
    out += "\n" + name + ":";
    for (std::size_t i = 0; i < all.size(); ++i)
      out += (i > 0 ? "," : "") + all[i];
  }
  return out;
}

}  // namespace

std::string string_to_sign(service of, const std::string& account, const request& what) {
  const bool batch = of == service::batch;
  const std::string_view prefix = batch ? "ocp-" : "x-ms-";
  std::string out = what.method + "\n";
  out += value_of(what, "content-encoding") + "\n";
  out += value_of(what, "content-language") + "\n";
  const std::string length = length_of(of, what);
  out += (!batch && length == "0" ? std::string() : length) + "\n";
  out += value_of(what, "content-md5") + "\n";
  out += value_of(what, "content-type") + "\n";
  // The date is signed among the special headers; the line of Date stays empty then.
  out += (what.find(batch ? "ocp-date" : "x-ms-date") != nullptr ? "" : value_of(what, "date"));
  for (const char* name :
       {"if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range"})
    out += "\n" + value_of(what, name);
  return out + "\n" + special_headers(prefix, what) + resource_of(account, what);
}

shared_key_signer::shared_key_signer(service of, std::string account, const core::secret& key)
    : service_(of),
      account_(std::move(account)),
      key_(from_base64(key.reveal(), "the key of account " + account_)) {}

void shared_key_signer::sign(request& what, std::int64_t unix_seconds) const {
  what.set(service_ == service::batch ? "ocp-date" : "x-ms-date", http_date(unix_seconds));
  const std::string signature =
      base64(hmac_sha256(key_.reveal(), string_to_sign(service_, account_, what)));
  what.set("Authorization", "SharedKey " + account_ + ":" + signature);
}

}  // namespace clusterless::azure
