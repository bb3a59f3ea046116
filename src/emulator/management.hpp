// SPDX-License-Identifier: MIT
// What Azure Resource Manager tells of the account: a subscription, and the Batch account in it
// with its quotas. For clients that look an account up; nothing can be changed here. Sources: Azure
// REST, "Subscriptions - List", "Batch Account - List".
#pragma once

#include <optional>

#include "emulator/auth.hpp"
#include "emulator/http.hpp"
#include "emulator/model.hpp"

namespace clusterless::emulator {

class management_desk {
 public:
  management_desk(account_keys keys, const model_options& quotas);

  /// The answer to a request for the subscription or its accounts; nothing for other requests.
  std::optional<http_answer> answer(const http_request& request, ticks now) const;

 private:
  account_keys keys_;
  model_options quotas_;
};

}  // namespace clusterless::emulator
