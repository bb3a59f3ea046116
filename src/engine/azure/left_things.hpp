// SPDX-License-Identifier: MIT
// Ends and removes what tasks of a client that is dead have left in Azure, for those who have only
// the record of its job.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/cloud_account.hpp"

namespace clusterless::engine {

/// Ends the Batch jobs at these places, texts of azure_engine, and removes them and their
/// containers; waits until nothing of them runs. What is not there counts as removed. Returns the
/// names of what is left, each with the reason. Throws `error` (misuse) when one is in none of the
/// accounts.
std::vector<std::pair<std::string, std::string>> remove_left_things(
    const std::vector<core::cloud_account>& accounts, const std::vector<std::string>& places);

}  // namespace clusterless::engine
