// SPDX-License-Identifier: MIT
// The engines of this build, by name.
#pragma once

#include <memory>
#include <vector>

#include "config/settings.hpp"
#include "engine/check.hpp"
#include "engine/engine.hpp"

namespace clusterless::client {

const std::vector<config::engine_defaults>& built_in_engines();
/// What these settings ask of their engine.
engine::pool_plan plan_of(const config::settings& settings,
                          std::shared_ptr<const std::vector<core::cloud_account>> accounts);
/// The engine named in the plan. Throws `error` when it cannot be started.
std::unique_ptr<engine::engine> make_engine(const engine::pool_plan& plan, engine::events& to);
/// Asks the services that the plan's engine uses whether it can run there; none for "local".
engine::checks check_accounts(const engine::pool_plan& plan, const engine::prices& at);

}  // namespace clusterless::client
