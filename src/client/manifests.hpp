// SPDX-License-Identifier: MIT
// Between jobs and their manifests: what is written down when a named job is made, and what is made
// of it when the job is taken up again.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <clusterless/detail/client.hpp>

#include "client/job.hpp"
#include "config/settings.hpp"
#include "session/function_table.hpp"
#include "store/job_record.hpp"

namespace clusterless::client {

/// A name for a job that has none but is to be recorded: "job-<date>-<random>".
std::string made_up_name();

store::manifest describe(const job_facts& facts, const detail::call& what,
                         const session::function_place& place, const config::settings& settings,
                         std::optional<std::uint64_t> total);

/// What a recorded job needs to run again.
struct taken_up {
  std::unique_ptr<store::job_record> record = {};
  job_facts facts = {};
  std::shared_ptr<core::call_spec> call = {};
};
/// Opens a record to finish it. Throws `error`: when there is none, when its results are not of
/// `result_schema` (empty: any), when another process drives it, or when items are missing and this
/// program is another build.
taken_up take_up(std::shared_ptr<store::object_store> in, const std::string& name,
                 const std::string& result_schema);

/// The pool a recorded job was made for, as options.
pool_options pool_of(const store::manifest& about);

}  // namespace clusterless::client
