// SPDX-License-Identifier: MIT
// The commands. Each does what its request says and returns the exit code; what it cannot do it
// throws as `error`, which run() turns into a message and a code.
#pragma once

#include "cli/console.hpp"
#include "cli/requests.hpp"

namespace clusterless::cli {

int run_command(const jobs_request& what, const common_options& how, const console& on);
int run_command(const show_request& what, const common_options& how, const console& on);
int run_command(const logs_request& what, const common_options& how, const console& on);
int run_command(const fetch_request& what, const common_options& how, const console& on);
int run_command(const retry_request& what, const common_options& how, const console& on);
int run_command(const cancel_request& what, const common_options& how, const console& on);
int run_command(const destroy_request& what, const common_options& how, const console& on);
int run_command(const replay_request& what, const common_options& how, const console& on);
int run_command(const doctor_request& what, const common_options& how, const console& on);
int run_command(const emulator_request& what, const common_options& how, const console& on);
int run_command(const version_request& what, const common_options& how, const console& on);
int run_command(const completion_request& what, const common_options& how, const console& on);

/// The whole tool: parses, runs, reports. Returns the exit code.
int run(int argc, const char* const* argv);

}  // namespace clusterless::cli
