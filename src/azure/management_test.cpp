// SPDX-License-Identifier: MIT
#include "azure/management.hpp"

#include <doctest/doctest.h>

#include "azure/shared_key.hpp"
#include "support/fake_http.hpp"

using namespace clusterless;
using namespace clusterless::azure;

namespace {

struct scripted {
  tests::manual_clock clock;
  tests::fake_http http{clock};
  loop on{http, clock};
  no_signer open;
  exchange calls{on, open, {.seed = 1}};

  result<std::optional<account_quotas>> find(const std::string& host) {
    return wait_for<std::optional<account_quotas>>(
        on, [&](auto then) { find_quotas(calls, "https://m", host, then); });
  }
};

const char* const two_subscriptions =
    R"({"value": [{"id": "/subscriptions/1"}, {"id": "/subscriptions/2"}]})";
const char* const accounts =
    R"({"value": [{"name": "other", "properties": {"accountEndpoint": "o.eastus.batch.azure.com"}},
        {"name": "mine", "properties": {"accountEndpoint": "Mine.eastus.batch.azure.com",
         "poolQuota": 100, "activeJobAndJobScheduleQuota": 300, "dedicatedCoreQuota": 350,
         "lowPriorityCoreQuota": 20, "dedicatedCoreQuotaPerVMFamilyEnforced": true,
         "dedicatedCoreQuotaPerVMFamily": [{"name": "standardESv3Family", "coreQuota": 16}]}}]})";

}  // namespace

TEST_CASE("the quotas of an account are found in whichever subscription has it") {
  scripted at;
  at.http.then(200, two_subscriptions).then(200, R"({"value": []})").then(200, accounts);
  const auto found = at.find("mine.eastus.batch.azure.com");
  REQUIRE(found);
  REQUIRE(found.value());
  const account_quotas& of = *found.value();
  CHECK(of.name == "mine");
  CHECK(of.pools == 100);
  CHECK(of.active_jobs == 300);
  CHECK(of.dedicated_cores == 350);
  CHECK(of.spot_cores == 20);
  CHECK(of.cores_by_family.at("standardesv3family") == 16);
  REQUIRE(at.http.seen.size() == 3);
  CHECK(at.http.seen[1].url ==
        "https://m/subscriptions/2/providers/Microsoft.Batch/batchAccounts?api-version=2024-02-01");
}

TEST_CASE("an account that nobody sees, and answers of another form, are no quotas") {
  scripted at;
  at.http.then(200, two_subscriptions).then(200, accounts).then(200, "[]");
  auto found = at.find("hidden.eastus.batch.azure.com");
  REQUIRE(found);
  CHECK_FALSE(found.value());
  at.http.then(200, "nonsense");
  found = at.find("mine.eastus.batch.azure.com");
  REQUIRE(found);
  CHECK_FALSE(found.value());
  at.http.then(403, R"({"error": {"code": "AuthorizationFailed", "message": "No."}})");
  found = at.find("mine.eastus.batch.azure.com");
  REQUIRE_FALSE(found);
  CHECK(found.error().is("AuthorizationFailed"));
}

TEST_CASE("each cloud has its resource manager") {
  CHECK(management_url_for("a.eastus.batch.azure.com") == "https://management.azure.com");
  CHECK(management_url_for("a.usgovvirginia.batch.usgovcloudapi.net") ==
        "https://management.usgovcloudapi.net");
  CHECK(management_url_for("127.0.0.1:8090").empty());
}
