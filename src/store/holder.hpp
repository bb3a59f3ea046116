// SPDX-License-Identifier: MIT
// Who holds something, as stores write it down and read it back.
#pragma once

#include <map>
#include <string>

#include "store/store.hpp"

namespace clusterless::store {

/// This process, as holder from now on.
holder this_holder();

/// Its facts by name: "host", "pid", "started", "since_ms".
std::map<std::string, std::string> facts_of(const holder& who);
/// Back from them; what is missing or no number is 0, and the host "unknown".
holder holder_from(const std::map<std::string, std::string>& facts);

}  // namespace clusterless::store
