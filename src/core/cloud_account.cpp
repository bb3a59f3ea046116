// SPDX-License-Identifier: MIT
#include "core/cloud_account.hpp"

#include <initializer_list>
#include <string_view>

namespace clusterless::core {

namespace {

/// "127.0.0.1" of "http://127.0.0.1:8090/x"; empty for what is no URL.
std::string_view host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  const std::string_view rest = url.substr(scheme + 3);
  if (rest.starts_with('[')) return rest.substr(0, rest.find(']') + 1);
  return rest.substr(0, rest.find_first_of(":/?"));
}

// Names without a dot are those of a network of one's own, as containers have them.
bool is_near(std::string_view host) {
  return host == "[::1]" || host.starts_with("127.") || host.find('.') == std::string_view::npos;
}

std::string problem_of(std::string_view url, std::initializer_list<std::string_view> others,
                       const char* right) {
  const std::string_view host = host_of(url);
  if (url.starts_with("http://") && !is_near(host))
    return "would send what is secret in the clear over http://; write https://";
  for (const std::string_view part : others)
    if (host.find(part) != std::string_view::npos)
      return "is the address of another service; write " + std::string(right);
  return {};
}

}  // namespace

std::string problem_of_batch_url(const std::string& url) {
  return problem_of(url,
                    {".blob.", ".queue.", ".table.", ".file.", ".dfs.", "portal.azure.",
                     "management.azure.", "login.microsoftonline."},
                    "https://<account>.<region>.batch.azure.com");
}

std::string problem_of_storage_url(const std::string& url) {
  return problem_of(
      url, {".batch.", ".queue.", ".table.", ".file.", "portal.azure.", "management.azure."},
      "https://<account>.blob.core.windows.net");
}

}  // namespace clusterless::core
