// SPDX-License-Identifier: MIT
// A store in a container of Azure Blob storage: a key is a blob's name. The container is made by
// the first write. An object that is appended to is a block blob whose list of blocks is committed
// with its etag as condition, so an append is there whole or not at all, cutting is atomic, and a
// second writer is found out. A hold is a lease that a thread renews; when its holder dies it ends
// by itself within the lease's time.
#pragma once

#include <memory>
#include <string>

#include "azure/blob.hpp"
#include "store/store.hpp"

namespace clusterless::store {

struct blob_store_options {
  int lease_s = 30;  ///< 15 to 60: how long a hold outlives a holder that died
  azure::retry_policy retry = {};
};

/// A store in `container` of `account`. Nothing is asked of the service yet. Calls block; each of
/// several threads that call at once has a connection of its own.
std::unique_ptr<object_store> open_blob_store(azure::storage_account account, std::string container,
                                              const blob_store_options& options = {});

}  // namespace clusterless::store
