// SPDX-License-Identifier: MIT
// Asks the services, before anything is made, whether a plan can run in its accounts: who we are
// there, whose clock is right, what pools would be made of, whether quotas allow them, what they
// cost. It changes nothing and waits for its answers.
#pragma once

#include "engine/check.hpp"
#include "engine/engine.hpp"

namespace clusterless::engine {

/// Everything that can be said of `plan`, account by account. What is wrong is a failure among the
/// checks, never an exception.
checks check_accounts(pool_plan plan, const prices& at);

}  // namespace clusterless::engine
