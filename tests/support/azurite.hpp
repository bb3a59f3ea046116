// SPDX-License-Identifier: MIT
// A real Blob server for tests: Azurite, started when the first test asks, on a free port, with its
// data in a scratch directory, and ended with the test program. tools/ci/azurite installs it.
#pragma once

#include <string>

namespace clusterless::tests {

struct azurite {
  std::string endpoint = {};           ///< "http://127.0.0.1:PORT/devstoreaccount1"
  std::string connection_string = {};  ///< with its public key
};

/// One that is reached over TLS and takes tokens.
struct token_azurite {
  std::string endpoint = {};
  std::string certificate = {};  ///< a file
  std::string token = {};        ///< that it accepts, for an hour
};

/// The server of this program; null, after a message that says why, when it is not installed.
const azurite* running_azurite();

/// The same for one with tokens; `openssl` is needed as well.
const token_azurite* running_token_azurite();

/// A container name that no other test uses.
std::string fresh_container();

}  // namespace clusterless::tests

/// Ends the test, with a message, when there is no Blob server; else `name` refers to it.
#define CLUSTERLESS_NEEDS_AZURITE(name)                                   \
  const auto* const name##_found = clusterless::tests::running_azurite(); \
  if (name##_found == nullptr) return;                                    \
  const clusterless::tests::azurite& name = *name##_found
