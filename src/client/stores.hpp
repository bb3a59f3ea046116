// SPDX-License-Identifier: MIT
// Where named jobs are recorded: in a directory of this machine, or, for pools of engine azure, in
// their account's Blob storage. A store has a name that leads to it again: the path of the
// directory, or "azure:CONTAINER".
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "core/cloud_account.hpp"
#include "store/job_record.hpp"

namespace clusterless::client {

struct named_store {
  std::string name = {};
  std::shared_ptr<store::object_store> in = {};
};

/// Accounts of the credentials, else the one that the environment names. Throws `error` (misuse)
/// when there is none.
std::vector<core::cloud_account> accounts_or_environment(std::vector<core::cloud_account> read);

/// The store that jobs of a pool with these settings are recorded in: CLUSTERLESS_STORE, else that
/// of the engine. Throws `error`.
named_store store_for(const config::settings& values,
                      const std::vector<core::cloud_account>& accounts);

/// Where a job may be that is known by name only. With `wanted`, or else CLUSTERLESS_STORE, that
/// one; else the directory and, when CREDENTIALS is set or CLUSTERLESS_ENGINE is azure, the
/// account. "azure:" is the container of the parameters. Throws `error` for settings that cannot be
/// read.
std::vector<named_store> stores_to_look_in(const std::string& wanted = {});

/// The one of `all` that has the job. Throws `error` (misuse) when none has it, or several.
const named_store& store_of_job(const std::vector<named_store>& all, const std::string& job);

/// Becomes the job's driver. Where a hold outlives its holder, waits for as long as it may be that
/// of one that is dead. False when another process drives it.
bool drive_when_free(store::job_record& record);

/// Ends the tasks that outlived the client of a job that nobody drives, removes what they have
/// left, and notes that in the record. Returns what could not be removed. Throws `error`: busy when
/// somebody drives it, misuse when there are no credentials for where they are.
std::vector<store::failure> end_left_tasks(store::job_record& record);

/// end_left_tasks(), and then the record is removed, unless something was left. A record that
/// cannot be read is removed all the same; so is what a live process drives when `forced`. Throws
/// as store::destroy_job().
std::vector<store::failure> destroy_left_job(const std::shared_ptr<store::object_store>& in,
                                             const std::string& job, bool forced);

}  // namespace clusterless::client
