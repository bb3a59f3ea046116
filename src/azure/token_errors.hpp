// SPDX-License-Identifier: MIT
// What the refusals of the token services mean for whoever wrote the credentials: which of them is
// wrong and where to get a right one.
#pragma once

#include <string>

#include "azure/service_error.hpp"

namespace clusterless::azure {

/// Finds the code (AADSTS7000222 and so on) in the message, makes it the error's code and says what
/// to do. Source: Microsoft identity platform, "Authentication and authorization error codes".
service_error explain_token_error(service_error why, const std::string& tenant,
                                  const std::string& client);

/// The same for the metadata service of a machine.
service_error explain_identity_error(service_error why);

}  // namespace clusterless::azure
