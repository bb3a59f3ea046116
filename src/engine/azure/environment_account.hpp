// SPDX-License-Identifier: MIT
// The account that the environment names where there is no credentials.json: the variables of
// Microsoft's own tools.
#pragma once

#include "core/cloud_account.hpp"

namespace clusterless::engine {

/// AZURE_BATCH_ENDPOINT with AZURE_BATCH_ACCOUNT and AZURE_BATCH_ACCESS_KEY (or AZURE_TENANT_ID,
/// AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or with neither the machine's managed identity), and
/// AZURE_STORAGE_CONNECTION_STRING. Throws `error` (misuse) that says what is missing and how to
/// get it.
core::cloud_account account_from_environment();

}  // namespace clusterless::engine
