// SPDX-License-Identifier: MIT
// One Azure account: where its Batch and Blob services are and what opens them. Plain data, read by
// config and used by the azure engine; secrets print as ***.
#pragma once

#include <string>

#include "core/secret.hpp"

namespace clusterless::core {

/// Batch is reached as a service principal (tenant, client_id, client_secret), with the account's
/// own key (batch_account_name, batch_account_key), or, with neither, as the managed identity of
/// this machine. Blobs are reached with the storage account's key.
struct cloud_account {
  std::string tenant = {};                ///< `_AD_TENANT`
  std::string client_id = {};             ///< `_AD_BATCH_CLIENT_ID`
  secret client_secret = {};              ///< `_AD_SECRET_BATCH`
  std::string batch_url = {};             ///< `_BATCH_ACCOUNT_URL`: http(s)://…
  std::string batch_resource = {};        ///< `_BATCH_RESOURCE`: audience of tokens, has a default
  std::string batch_account_name = {};    ///< `_BATCH_ACCOUNT_NAME`, else the host's first label
  secret batch_account_key = {};          ///< `_BATCH_ACCOUNT_KEY`, base64
  std::string storage_account_name = {};  ///< `_STORAGE_ACCOUNT_NAME`
  secret storage_account_key = {};        ///< `_STORAGE_ACCOUNT_KEY`, base64
  std::string storage_url = {};           ///< `_STORAGE_ACCOUNT_URL`, else of the public cloud
  std::string region = {};                ///< `_REGION`; empty: not said
  std::string insights_app_id = {};       ///< `_APP_INSIGHTS_APP_ID`
  secret insights_key = {};               ///< `_APP_INSIGHTS_INSTRUMENTATION_KEY`
  int line = 0;                           ///< where its object starts in the file
};

/// What is wrong with an address, as the end of a sentence: "is the address of another service; …".
/// Empty when nothing is: https, or http to this machine or a name without a dot.
std::string problem_of_batch_url(const std::string& url);
std::string problem_of_storage_url(const std::string& url);

}  // namespace clusterless::core
