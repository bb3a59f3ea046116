// SPDX-License-Identifier: MIT
#include "emulator/management.hpp"

#include "emulator/json.hpp"
#include "emulator/service_error.hpp"

namespace clusterless::emulator {

namespace {

const char* const subscription = "00000000-0000-0000-0000-000000000000";
constexpr int no_quota = 1'000'000;

http_answer told_of(int status, const json& body) {
  http_answer made;
  made.status = status;
  made.chunked = false;
  made.headers.emplace_back("Content-Type", "application/json; charset=utf-8");
  made.body = body.dump();
  return made;
}

int or_none(int quota) {
  return quota > 0 ? quota : no_quota;
}

json subscription_document() {
  const std::string id = subscription;
  return json{
      {"id", "/subscriptions/" + id}, {"subscriptionId", id}, {"tenantId", id},
      {"displayName", "emulator"},    {"state", "Enabled"},   {"authorizationSource", "RoleBased"}};
}

json account_document(const http_request& request, const account_keys& of,
                      const model_options& quotas) {
  return json{
      {"id", "/subscriptions/" + std::string(subscription) +
                 "/resourceGroups/emulator/providers/Microsoft.Batch/batchAccounts/" + of.name},
      {"name", of.name},
      {"type", "Microsoft.Batch/batchAccounts"},
      {"location", "emulator"},
      {"properties",
       {{"accountEndpoint", request.header("host")},
        {"provisioningState", "Succeeded"},
        {"poolAllocationMode", "BatchService"},
        {"dedicatedCoreQuota", or_none(quotas.dedicated_core_quota)},
        {"dedicatedCoreQuotaPerVMFamily", json::array()},
        {"dedicatedCoreQuotaPerVMFamilyEnforced", false},
        {"lowPriorityCoreQuota", or_none(quotas.spot_core_quota)},
        {"poolQuota", or_none(quotas.pool_quota)},
        {"activeJobAndJobScheduleQuota", or_none(quotas.job_quota)}}}};
}

}  // namespace

management_desk::management_desk(account_keys keys, const model_options& quotas)
    : keys_(std::move(keys)), quotas_(quotas) {}

std::optional<http_answer> management_desk::answer(const http_request& request, ticks now) const {
  if (request.method != "GET" || !request.path.starts_with("/subscriptions")) return std::nullopt;
  try {
    authenticate(request, keys_, now);
  } catch (const service_error& refused) {
    return told_of(401,
                   {{"error", {{"code", "AuthenticationFailed"}, {"message", refused.message()}}}});
  }
  const std::string accounts =
      "/subscriptions/" + std::string(subscription) + "/providers/Microsoft.Batch/batchAccounts";
  if (request.path == "/subscriptions")
    return told_of(200, {{"value", json::array({subscription_document()})}});
  if (request.path == accounts)
    return told_of(200, {{"value", json::array({account_document(request, keys_, quotas_)})}});
  return told_of(404, {{"error",
                        {{"code", "ResourceNotFound"},
                         {"message", "The resource " + request.path + " was not found."}}}});
}

}  // namespace clusterless::emulator
