// SPDX-License-Identifier: MIT
// Pools, nodes, jobs and tasks as the documents that the service shows. `base` is the address that
// the client used, without a slash at its end.
#pragma once

#include <string>
#include <string_view>

#include "emulator/model_types.hpp"
#include "emulator/odata.hpp"

namespace clusterless::emulator {

json pool_document(const pool& of, const std::string& base);
json node_document(const node& of, const std::string& base);
json job_document(const job& of, const std::string& base);
json task_document(const task& of, const std::string& base);
/// Instances 1 … n-1 of a multi-instance task.
json subtasks_document(const task& of, const std::string& base);
/// jobpreparationandreleasetaskstatus: one entry a node.
json preparations_document(const pool& in, job& of, const std::string& base);
/// taskcounts
json counts_document(const job& of);
/// nodecounts of one pool
json node_counts_document(const pool& of);
json failure_document(const failure& of);
/// A field of a task for $filter, without making its document.
odata_value task_field(const task& of, std::string_view path);

}  // namespace clusterless::emulator
