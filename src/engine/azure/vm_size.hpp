// SPDX-License-Identifier: MIT
// What the name of a VM size tells: its virtual processors and its family. Pure. Sources: Azure,
// "Virtual machine sizes naming conventions", "Previous generations of virtual machine sizes".
#pragma once

#include <optional>
#include <string>

namespace clusterless::engine {

/// Virtual processors of "Standard_E2s_v3": 2. Nothing when the name does not tell.
std::optional<int> vcpus_of(const std::string& vm_size);
/// The family as quotas name it, in lower case: "standardesv3family"; empty when it is not known.
std::string family_of(const std::string& vm_size);

}  // namespace clusterless::engine
