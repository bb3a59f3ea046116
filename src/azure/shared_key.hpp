// SPDX-License-Identifier: MIT
// Requests signed with an account's key, as Batch and as Blob want it. The two differ in how an
// empty body is signed, in which headers count, and in how the query is joined.
// Sources: Batch REST, "Authenticate requests to the Azure Batch service"; Blob REST, "Authorize
// with Shared Key".
#pragma once

#include <cstdint>
#include <string>

#include "azure/exchange.hpp"
#include "core/secret.hpp"

namespace clusterless::azure {

enum class service : std::uint8_t { batch, blob };

/// The text that is signed. `what` must have its final headers but for Authorization; what HTTP
/// itself adds (Content-Length of a body) is taken from the body.
std::string string_to_sign(service of, const std::string& account, const request& what);

/// Signs with an account key: sets the date (ocp-date or x-ms-date) and Authorization. A clock that
/// is more than 15 minutes off makes the service refuse.
class shared_key_signer final : public signer {
 public:
  /// `key` is base64, as the portal shows it. Throws `error` (misuse) when it is not.
  shared_key_signer(service of, std::string account, const core::secret& key);

  void prepare(std::function<void(std::optional<service_error>)> then) override { then({}); }
  void sign(request& what, std::int64_t unix_seconds) const override;
  bool renew() override { return false; }

 private:
  service service_;
  std::string account_;
  core::secret key_;
};

/// Adds nothing: for URLs that carry their own signature, and for tests.
class no_signer final : public signer {
 public:
  void prepare(std::function<void(std::optional<service_error>)> then) override { then({}); }
  void sign(request&, std::int64_t) const override {}
  bool renew() override { return false; }
};

}  // namespace clusterless::azure
