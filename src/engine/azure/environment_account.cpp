// SPDX-License-Identifier: MIT
#include "engine/azure/environment_account.hpp"

#include <cstdlib>

#include <clusterless/error.hpp>

#include "azure/blob.hpp"
#include "azure/tokens.hpp"
#include "core/defaults.hpp"

namespace clusterless::engine {

namespace {

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

core::cloud_account account_from_environment() {
  std::string missing;
  const auto need = [&missing](const char* name, bool there) {
    if (!there) missing += (missing.empty() ? "" : " and ") + std::string(name);
  };
  core::cloud_account made;
  made.batch_url = variable("AZURE_BATCH_ENDPOINT");
  if (!made.batch_url.empty() && made.batch_url.find("://") == std::string::npos)
    made.batch_url = "https://" + made.batch_url;
  const std::string storage = variable("AZURE_STORAGE_CONNECTION_STRING");
  need("AZURE_BATCH_ENDPOINT", !made.batch_url.empty());
  need("AZURE_STORAGE_CONNECTION_STRING", !storage.empty());
  if (!missing.empty())
    throw error(error_kind::misuse,
                "engine \"azure\" needs an account: set CREDENTIALS (or pool_options.credentials) "
                "to a credentials.json, or set " +
                    missing +
                    ". The portal shows the endpoint and the key of a Batch account under Keys, "
                    "and a storage account's connection string under Access keys; `clusterless "
                    "emulator --azurite` prints them for an Azure Batch on this machine");
  if (const std::string wrong = core::problem_of_batch_url(made.batch_url); !wrong.empty())
    throw error(error_kind::misuse, "AZURE_BATCH_ENDPOINT " + wrong);
  made.batch_resource = defaults::batch_resource;
  made.batch_account_name = variable("AZURE_BATCH_ACCOUNT");
  if (std::string key = variable("AZURE_BATCH_ACCESS_KEY"); !key.empty()) {
    if (made.batch_account_name.empty())
      throw error(error_kind::misuse,
                  "AZURE_BATCH_ACCESS_KEY is set, but AZURE_BATCH_ACCOUNT is not: set it to the "
                  "name of the Batch account");
    made.batch_account_key = core::secret(std::move(key));
  } else if (auto principal = azure::principal_from_environment()) {
    made.tenant = principal->tenant;
    made.client_id = principal->client;
    made.client_secret = std::move(principal->secret);
  }
  azure::storage_account blobs = azure::parse_connection_string(storage);
  if (blobs.key.empty())
    throw error(error_kind::misuse,
                "AZURE_STORAGE_CONNECTION_STRING has no AccountKey: nodes are let at single blobs "
                "by signatures that only the account's key can make");
  if (const std::string wrong = core::problem_of_storage_url(blobs.endpoint); !wrong.empty())
    throw error(error_kind::misuse, "the BlobEndpoint of AZURE_STORAGE_CONNECTION_STRING " + wrong);
  made.storage_account_name = blobs.name;
  made.storage_account_key = std::move(blobs.key);
  made.storage_url = blobs.endpoint;
  return made;
}

}  // namespace clusterless::engine
