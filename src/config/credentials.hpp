// SPDX-License-Identifier: MIT
// credentials.json of the model: one Azure account (Batch and Storage) as an object, or several as
// an array. Read as strictly as parameters.json, on every engine, so that a mistake shows before
// the cloud is asked. Secrets never appear in messages. Using them is the azure engine's matter.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/secret.hpp"

namespace clusterless::config {

using core::secret;

/// One account. Batch is reached as a service principal (tenant, client_id, client_secret) or with
/// the account's own key (batch_account_name, batch_account_key); one of the two is complete.
struct account {
  std::string tenant = {};                ///< `_AD_TENANT`
  std::string client_id = {};             ///< `_AD_BATCH_CLIENT_ID`
  secret client_secret = {};              ///< `_AD_SECRET_BATCH`
  std::string batch_url = {};             ///< `_BATCH_ACCOUNT_URL`: http(s)://…
  std::string batch_resource = {};        ///< `_BATCH_RESOURCE`: audience of tokens, has a default
  std::string batch_account_name = {};    ///< `_BATCH_ACCOUNT_NAME`, else the host's first label
  secret batch_account_key = {};          ///< `_BATCH_ACCOUNT_KEY`, base64
  std::string storage_account_name = {};  ///< `_STORAGE_ACCOUNT_NAME`
  secret storage_account_key = {};        ///< `_STORAGE_ACCOUNT_KEY`, base64
  std::string region = {};                ///< `_REGION`; empty: not said
  std::string insights_app_id = {};       ///< `_APP_INSIGHTS_APP_ID`
  secret insights_key = {};               ///< `_APP_INSIGHTS_INSTRUMENTATION_KEY`
  int line = 0;                           ///< where its object starts in the file
};

struct credentials {
  std::string source = {};              ///< the file's name; empty: there is no file
  std::vector<account> accounts = {};   ///< at least one when there is a file
  std::vector<std::string> notes = {};  ///< e.g. that other users can read the file
};

/// The accounts of `text`. Throws `error` (misuse) that tells every problem on a line of its own.
/// JSON reading passes the text through buffers of its own, which are freed but not wiped.
credentials parse_credentials(std::string_view text, const std::string& source_name);

/// parse_credentials of a file of at most 1 MiB; notes when the file's mode lets others read it.
credentials load_credentials(const std::string& path);

}  // namespace clusterless::config
