// SPDX-License-Identifier: MIT
// The store of named jobs in an account's Blob storage, for those who know accounts and not Azure.
#pragma once

#include <memory>
#include <string>

#include "core/cloud_account.hpp"
#include "store/store.hpp"

namespace clusterless::store {

/// A store in `container` of the account's Blob storage. Nothing is asked of the service yet.
std::unique_ptr<object_store> open_account_store(const core::cloud_account& who,
                                                 const std::string& container);

}  // namespace clusterless::store
