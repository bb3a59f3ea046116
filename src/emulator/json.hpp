// SPDX-License-Identifier: MIT
// The JSON type of the emulator: members keep their order, so that answers read as the service's
// do.
#pragma once

#include <nlohmann/json.hpp>

namespace clusterless::emulator {

using json = nlohmann::ordered_json;

/// The member `name` of an object, or null.
inline const json& member(const json& of, const char* name) {
  static const json null;
  if (!of.is_object()) return null;
  const auto at = of.find(name);
  return at == of.end() ? null : *at;
}

/// The string member `name`, or `otherwise`.
inline std::string text_of(const json& of, const char* name, const std::string& otherwise = {}) {
  const json& at = member(of, name);
  return at.is_string() ? at.get<std::string>() : otherwise;
}

/// The whole number `name`, or `otherwise`.
inline std::int64_t number_of(const json& of, const char* name, std::int64_t otherwise) {
  const json& at = member(of, name);
  return at.is_number() ? at.get<std::int64_t>() : otherwise;
}

/// The truth value `name`, or `otherwise`.
inline bool truth_of(const json& of, const char* name, bool otherwise) {
  const json& at = member(of, name);
  return at.is_boolean() ? at.get<bool>() : otherwise;
}

}  // namespace clusterless::emulator
