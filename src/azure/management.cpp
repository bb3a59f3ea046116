// SPDX-License-Identifier: MIT
#include "azure/management.hpp"

#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "azure/text.hpp"

namespace clusterless::azure {
namespace {

using json = nlohmann::json;

std::string word_in(const json& of, const char* name) {
  const auto at = of.find(name);
  return at != of.end() && at->is_string() ? at->get<std::string>() : std::string();
}

int quota_in(const json& of, const char* name) {
  const auto at = of.find(name);
  return at != of.end() && at->is_number_integer() ? at->get<int>() : 0;
}

account_quotas quotas_in(const json& properties) {
  account_quotas of;
  of.pools = quota_in(properties, "poolQuota");
  of.active_jobs = quota_in(properties, "activeJobAndJobScheduleQuota");
  of.dedicated_cores = quota_in(properties, "dedicatedCoreQuota");
  of.spot_cores = quota_in(properties, "lowPriorityCoreQuota");
  const auto enforced = properties.find("dedicatedCoreQuotaPerVMFamilyEnforced");
  const auto families = properties.find("dedicatedCoreQuotaPerVMFamily");
  if (enforced == properties.end() || *enforced != true || families == properties.end()) return of;
  for (const json& each : *families)
    if (each.is_object())
      of.cores_by_family[lower_case(word_in(each, "name"))] = quota_in(each, "coreQuota");
  return of;
}

/// Asks one subscription after the other.
struct search : std::enable_shared_from_this<search> {
  search(exchange& by, std::string at, std::string account_host,
         then<std::optional<account_quotas>> end)
      : calls(by), url(std::move(at)), host(std::move(account_host)), then_(std::move(end)) {}

  void list(const std::string& address, std::function<void(const json&)> each_of,
            std::function<void()> done) {
    call what;
    what.what = "list " + std::string(address.find("batchAccounts") == std::string::npos
                                          ? "subscriptions"
                                          : "Batch accounts");
    what.request.url = address;
    calls.send(std::move(what), [self = shared_from_this(), each_of = std::move(each_of),
                                 done = std::move(done)](result<response> got) {
      if (!got) return self->then_(got.error());
      const json read = json::parse(got->body, nullptr, false);
      if (const auto values = read.find("value"); read.is_object() && values != read.end())
        for (const json& one : *values)
          if (one.is_object()) each_of(one);
      const std::string next = read.is_object() ? word_in(read, "nextLink") : std::string();
      if (next.empty() || self->found) return done();
      self->list(next, each_of, done);
    });
  }

  void begin() {
    list(
        url + "/subscriptions?api-version=2022-12-01",
        [self = shared_from_this()](const json& one) {
          self->subscriptions.push_back(word_in(one, "id"));
        },
        [self = shared_from_this()] { self->look_further(); });
  }

  void look_further() {
    if (found || subscriptions.empty()) return then_(found);
    const std::string id = std::move(subscriptions.back());
    subscriptions.pop_back();
    list(
        url + id + "/providers/Microsoft.Batch/batchAccounts?api-version=2024-02-01",
        [self = shared_from_this()](const json& one) {
          const auto properties = one.find("properties");
          if (properties == one.end() || !properties->is_object()) return;
          if (!same_word(word_in(*properties, "accountEndpoint"), self->host)) return;
          self->found = quotas_in(*properties);
          self->found->name = word_in(one, "name");
        },
        [self = shared_from_this()] { self->look_further(); });
  }

  exchange& calls;
  std::string url;
  std::string host;
  then<std::optional<account_quotas>> then_;
  std::vector<std::string> subscriptions = {};
  std::optional<account_quotas> found = {};
};

}  // namespace

std::string management_url_for(const std::string& host) {
  if (const char* set = std::getenv("AZURE_RESOURCE_MANAGER_ENDPOINT");
      set != nullptr && *set != '\0') {
    std::string url = set;
    while (url.ends_with('/'))
      url.pop_back();
    return url;
  }
  // Clouds of their own: "Azure Government", "Azure operated by 21Vianet".
  for (const auto& [ending, url] :
       {std::pair{".batch.azure.com", "https://management.azure.com"},
        std::pair{".batch.usgovcloudapi.net", "https://management.usgovcloudapi.net"},
        std::pair{".batch.chinacloudapi.cn", "https://management.chinacloudapi.cn"}})
    if (host.ends_with(ending)) return url;
  return {};
}

void find_quotas(exchange& calls, const std::string& url, const std::string& host,
                 then<std::optional<account_quotas>> then) {
  std::make_shared<search>(calls, url, host, std::move(then))->begin();
}

}  // namespace clusterless::azure
