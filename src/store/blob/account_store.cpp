// SPDX-License-Identifier: MIT
#include "store/blob/account_store.hpp"

#include <utility>

#include "store/blob/blob_store.hpp"

namespace clusterless::store {

std::unique_ptr<object_store> open_account_store(const core::cloud_account& who,
                                                 const std::string& container) {
  azure::storage_account account;
  account.name = who.storage_account_name;
  account.key = core::secret(std::string(who.storage_account_key.reveal()));
  account.endpoint = !who.storage_url.empty()
                         ? who.storage_url
                         : "https://" + who.storage_account_name + ".blob.core.windows.net";
  while (account.endpoint.ends_with('/'))
    account.endpoint.pop_back();
  return open_blob_store(std::move(account), container);
}

}  // namespace clusterless::store
