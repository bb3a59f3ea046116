// SPDX-License-Identifier: MIT
// Gives tokens as Entra ID and the metadata service of a node do, so that clients with a service
// principal or a managed identity work offline. Sources: "OAuth 2.0 client credentials flow", "How
// to use managed identities on a VM to acquire a token".
#pragma once

#include <optional>
#include <string>

#include "emulator/auth.hpp"

namespace clusterless::emulator {

class token_desk {
 public:
  token_desk(account_keys keys, std::string client, std::string secret, ticks valid_for)
      : keys_(std::move(keys)),
        client_(std::move(client)),
        secret_(std::move(secret)),
        valid_for_(valid_for) {}

  /// The answer to a request for a token; nothing for other requests.
  std::optional<http_answer> answer(const http_request& request, ticks now) const;

 private:
  account_keys keys_;
  std::string client_;
  std::string secret_;
  ticks valid_for_;
};

}  // namespace clusterless::emulator
