// SPDX-License-Identifier: MIT
// Who holds something, as stores write it down and read it back.
#pragma once

#include <map>
#include <string>

#include "store/store.hpp"

namespace clusterless::store {

/// This process, as holder from now on.
holder this_holder();

/// Whether that process, of this host, lives.
bool is_alive(const holder& who);

/// What tells the machine, and the processes seen on it, from all others: pids mean the same only
/// where it is equal. Empty when it cannot be told.
std::string this_machine();

/// Its facts by name: "host", "pid", "started", "since_ms".
std::map<std::string, std::string> facts_of(const holder& who);
/// Back from them; what is missing or no number is 0, and the host "unknown".
holder holder_from(const std::map<std::string, std::string>& facts);

}  // namespace clusterless::store
