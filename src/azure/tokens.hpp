// SPDX-License-Identifier: MIT
// Tokens of Microsoft Entra ID (Azure AD) for Batch and Blob: for a service principal, for the
// managed identity of a machine, or given as they are. A token is fetched by the first call that
// needs it, by one request however many calls wait, and renewed before it expires. Tokens and
// secrets appear in no message. Sources: Microsoft identity platform, "OAuth 2.0 client credentials
// flow"; "How to use managed identities for Azure resources on an Azure VM to acquire an access
// token"; App Service, "Connect to Azure services in app code" (IDENTITY_ENDPOINT,
// IDENTITY_HEADER).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "azure/exchange.hpp"
#include "azure/loop.hpp"
#include "core/secret.hpp"

namespace clusterless::azure {

/// A service principal: what credentials.json and AZURE_TENANT_ID, AZURE_CLIENT_ID and
/// AZURE_CLIENT_SECRET name.
struct principal {
  std::string tenant = {};
  std::string client = {};
  core::secret secret = {};
  /// Of the token service; "/adfs" at its end is the form of AD FS.
  std::string authority = "https://login.microsoftonline.com";
  bool v1 = false;  ///< ask by resource, at the older address
};

struct token {
  core::secret text = {};
  std::int64_t expires_s = 0;  ///< Unix time
};

/// Where tokens come from. One request at a time; a callback is called from loop::poll().
class token_source {
 public:
  virtual ~token_source() = default;
  virtual void fetch(const std::string& resource, std::function<void(result<token>)> then) = 0;
};

/// Tokens of `who`. `on` must outlive the source.
std::unique_ptr<token_source> make_principal_tokens(loop& on, principal who);

struct identity_options {
  std::string client_id = {};  ///< of a user-assigned identity; empty: the machine's own
  /// IDENTITY_ENDPOINT and IDENTITY_HEADER, or MSI_ENDPOINT and MSI_SECRET; empty: the metadata
  /// service of virtual machines at 169.254.169.254.
  std::string endpoint = {};
  core::secret header = {};
};
/// identity_options from the environment.
identity_options identity_from_environment();
/// Tokens of the managed identity of this machine.
std::unique_ptr<token_source> make_identity_tokens(loop& on, identity_options who = {});

/// A token that somebody else obtained, and that is never renewed.
std::unique_ptr<token_source> make_given_token(core::secret text);

/// AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET and AZURE_AUTHORITY_HOST, else nothing.
/// Throws `error` (misuse) that names the missing ones when some are set and some are not.
std::optional<principal> principal_from_environment();

/// Signs requests with "Authorization: Bearer …" for one resource, such as
/// "https://batch.core.windows.net/" or "https://storage.azure.com/".
class bearer_signer final : public signer {
 public:
  /// `on` and `from` must outlive the signer.
  bearer_signer(loop& on, token_source& from, std::string resource);
  ~bearer_signer() override;

  void prepare(std::function<void(std::optional<service_error>)> then) override;
  void sign(request& what, std::int64_t unix_seconds) const override;
  /// Forgets the token, so that the next prepare() fetches another one.
  bool renew() override;

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace clusterless::azure
