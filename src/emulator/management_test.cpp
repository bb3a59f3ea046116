// SPDX-License-Identifier: MIT
#include "emulator/management.hpp"

#include <doctest/doctest.h>

#include "emulator/json.hpp"

using namespace clusterless::emulator;

namespace {

const account_keys keys{"acct", base64_encoded("secret")};
const ticks now = unix_epoch + 20'000 * one_day;

http_answer ask(const std::string& path, bool with_token = true) {
  model_options quotas;
  quotas.pool_quota = 7;
  quotas.dedicated_core_quota = 32;
  http_request made;
  made.method = "GET";
  made.path = path;
  made.headers["host"] = "acct.somewhere";
  if (with_token)
    made.headers["authorization"] = "Bearer " + issue_token(keys, "t", "app", now, one_minute);
  const auto answer = management_desk(keys, quotas).answer(made, now);
  REQUIRE(answer);
  return *answer;
}

}  // namespace

TEST_CASE("the account and its quotas are found through the subscription") {
  const json all = json::parse(ask("/subscriptions").body);
  REQUIRE(all["value"].size() == 1);
  const std::string id = all["value"][0]["id"];
  const json found =
      json::parse(ask(id + "/providers/Microsoft.Batch/batchAccounts").body)["value"][0];
  CHECK(found["name"] == "acct");
  CHECK(found["properties"]["accountEndpoint"] == "acct.somewhere");
  CHECK(found["properties"]["poolQuota"] == 7);
  CHECK(found["properties"]["dedicatedCoreQuota"] == 32);
  CHECK(found["properties"]["activeJobAndJobScheduleQuota"] > 300);
  CHECK(ask(id + "/other").status == 404);
}

TEST_CASE("who has no token is not told of subscriptions") {
  CHECK(ask("/subscriptions", false).status == 401);
}
