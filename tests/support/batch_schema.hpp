// SPDX-License-Identifier: MIT
// What the published specification of Azure Batch says of requests, and whether one keeps it:
// method, path, api-version, parameters, headers, fields of the body with their types and limits.
// The facts are in data/batch_schema.json, with their source.
#pragma once

#include <string>

#include "azure/http.hpp"

namespace clusterless::tests {

/// What is wrong with a request to Batch; empty when nothing is.
std::string schema_problem(const azure::request& what);

/// The operation that the request is, as "pool.add"; empty when it is none.
std::string operation_of(const azure::request& what);

}  // namespace clusterless::tests
