// SPDX-License-Identifier: MIT
// The one question to Azure Resource Manager: which quotas a Batch account has. Whoever asks needs
// a token and may see the account, as a reader of its subscription does. Sources: Azure REST,
// "Subscriptions - List" (2022-12-01), "Batch Account - List" (2024-02-01).
#pragma once

#include <map>
#include <optional>
#include <string>

#include "azure/exchange.hpp"

namespace clusterless::azure {

struct account_quotas {
  std::string name = {};  ///< of the account
  int pools = 0;
  int active_jobs = 0;  ///< and job schedules
  int dedicated_cores = 0;
  int spot_cores = 0;
  std::map<std::string, int> cores_by_family = {};  ///< names in lower case; empty: not limited
};

/// Where the Resource Manager is for a Batch account at `host`: "https://management.azure.com" for
/// "NAME.REGION.batch.azure.com". AZURE_RESOURCE_MANAGER_ENDPOINT wins; empty: nobody knows.
std::string management_url_for(const std::string& host);

/// The quotas of the Batch account at `host`; nothing when no subscription that the caller sees has
/// one there. `calls` must outlive the request, and sign for the Resource Manager at `url`.
void find_quotas(exchange& calls, const std::string& url, const std::string& host,
                 then<std::optional<account_quotas>> then);

}  // namespace clusterless::azure
