// SPDX-License-Identifier: MIT
// Checks bodies of requests as the service does: syntax, required properties, types, limits and
// names. What is wrong is thrown as service_error with the property's name. Limits are those of the
// REST reference; each is named where it is used.
#pragma once

#include <optional>
#include <string>

#include "emulator/json.hpp"
#include "emulator/model_types.hpp"

namespace clusterless::emulator {

/// The JSON object of a body; throws InvalidRequestBody.
json parse_body(const std::string& body);
void check_pool(const json& body);
void check_job(const json& body);
void check_task(const json& body, const job& in);
/// 1 … 64 of A-Z a-z 0-9 - _
void check_id(const json& body, const char* name);
/// A duration in a body, or nothing.
std::optional<ticks> duration_in(const json& body, const char* name, ticks least, ticks most);
deallocation deallocation_in(const json& body, const char* name);
void require(const json& body, const char* name);

}  // namespace clusterless::emulator
