// SPDX-License-Identifier: MIT
// Who may ask: the SharedKey scheme of Batch, over headers exactly as they came, and bearer tokens
// that this emulator issued. Source: Batch REST, "Authenticate requests to Azure Batch".
#pragma once

#include <string>
#include <string_view>

#include "emulator/http.hpp"
#include "emulator/times.hpp"

namespace clusterless::emulator {

struct account_keys {
  std::string name = {};
  std::string key = {};  ///< base64
};

/// The text a request's signature is over.
std::string string_to_sign(const http_request& request, const std::string& account);
/// base64 of HMAC-SHA256 with a base64 key; throws `error` for a key that is not base64.
std::string signature(const std::string& key, std::string_view text);

/// Throws service_error unless the request carries a right signature or a token that is valid at
/// `now`. A request is refused 15 minutes before or after its date.
void authenticate(const http_request& request, const account_keys& keys, ticks now);

/// A token for the audience of Batch, signed with the account's key.
std::string issue_token(const account_keys& keys, const std::string& tenant,
                        const std::string& client, ticks now, ticks valid_for);

std::string base64_encoded(std::string_view bytes);
/// False for what is not base64.
bool base64_decoded(std::string_view text, std::string& into);
/// `bytes` random bytes in base64.
std::string random_key(std::size_t bytes);
/// A random "8-4-4-4-12" id.
std::string random_uuid();

}  // namespace clusterless::emulator
