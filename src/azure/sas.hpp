// SPDX-License-Identifier: MIT
// Shared access signatures: what lets a node or a service at one container or blob, for some time
// and for some things only. Each is as narrow as its fields say; nothing is granted by default.
// Sources: Blob REST, "Create a service SAS" and "Create a user delegation SAS", version 2020-12-06
// and later.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "azure/xml.hpp"
#include "core/secret.hpp"

namespace clusterless::azure {

struct sas_request {
  std::string container = {};
  std::string blob = {};         ///< empty: the whole container
  std::string permissions = {};  ///< of "racwdxltmeop", in any order: "r", "rl", "cw"
  std::int64_t start_s = 0;      ///< Unix time; 0: from now on, with no check of the start
  std::int64_t expiry_s = 0;     ///< Unix time
  bool https_only = true;        ///< false only where the endpoint itself is plain http
};

/// The query, without '?', signed with the account's key (base64). Throws `error` (misuse) when a
/// permission is unknown, none is given, or it would have expired before it starts.
std::string service_sas(const std::string& account, const core::secret& key,
                        const sas_request& wanted);

/// The same, signed with a user delegation key in place of the account's.
std::string delegation_sas(const std::string& account, const delegation_key& key,
                           const sas_request& wanted);

/// What is signed, for tests and for explaining a refusal.
std::string service_sas_text(const std::string& account, const sas_request& wanted);

}  // namespace clusterless::azure
