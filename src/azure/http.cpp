// SPDX-License-Identifier: MIT
#include "azure/http.hpp"

#include "azure/text.hpp"

namespace clusterless::azure {
namespace {

const std::string* find_in(const std::vector<header>& headers, std::string_view name) {
  for (const header& one : headers)
    if (same_word(one.name, name)) return &one.value;
  return nullptr;
}

}  // namespace

const std::string* request::find(std::string_view name) const {
  return find_in(headers, name);
}

void request::set(std::string name, std::string value) {
  std::erase_if(headers, [&](const header& one) { return same_word(one.name, name); });
  headers.push_back({std::move(name), std::move(value)});
}

const std::string* response::find(std::string_view name) const {
  return find_in(headers, name);
}

std::string response::value_of(std::string_view name) const {
  const std::string* found = find(name);
  return found != nullptr ? *found : std::string();
}

const char* to_string(failure why) noexcept {
  switch (why) {
    case failure::none:
      return "answered";
    case failure::unreachable:
      return "could not be reached";
    case failure::untrusted:
      return "has a certificate that is not trusted";
    case failure::timed_out:
      return "did not answer in time";
    case failure::dropped:
      return "dropped the connection";
    case failure::too_large:
      return "answered with more than was asked for";
    case failure::refused:
      return "was not asked";
  }
  return "?";
}

}  // namespace clusterless::azure
