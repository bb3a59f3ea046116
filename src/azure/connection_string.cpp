// SPDX-License-Identifier: MIT
#include <map>

#include "azure/blob.hpp"
#include "azure/text.hpp"

namespace clusterless::azure {
namespace {

// Public: every installation of Azurite and of the older emulators has it.
constexpr std::string_view development_account = "devstoreaccount1";
constexpr std::string_view development_key =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

[[noreturn]] void missing(const std::string& what) {
  throw error(error_kind::misuse, "the storage connection string has no " + what +
                                      "; copy it whole from the account's access keys");
}

}  // namespace

storage_account parse_connection_string(std::string_view text) {
  std::map<std::string, std::string> parts;
  while (!text.empty()) {
    const auto end = text.find(';');
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const auto equals = one.find('=');
    if (equals == std::string_view::npos) continue;
    parts[lower_case(one.substr(0, equals))] = one.substr(equals + 1);
  }
  storage_account out;
  out.endpoint = parts["blobendpoint"];
  out.name = parts["accountname"];
  out.key = core::secret(std::move(parts["accountkey"]));
  out.sas = parts["sharedaccesssignature"];
  if (out.sas.starts_with('?')) out.sas.erase(0, 1);
  if (same_word(parts["usedevelopmentstorage"], "true")) {
    out.name = development_account;
    out.key = core::secret(std::string(development_key));
    out.endpoint = "http://127.0.0.1:10000/" + out.name;
  }
  if (out.endpoint.empty()) {
    if (out.name.empty()) missing("AccountName");
    const std::string scheme = parts["defaultendpointsprotocol"];
    const std::string suffix = parts["endpointsuffix"];
    out.endpoint = (scheme.empty() ? "https" : scheme) + "://" + out.name + ".blob." +
                   (suffix.empty() ? "core.windows.net" : suffix);
  }
  if (!split_url(out.endpoint)) missing("BlobEndpoint that begins with https:// or http://");
  if (out.key.empty() && out.sas.empty()) missing("AccountKey or SharedAccessSignature");
  if (!out.key.empty() && out.name.empty()) missing("AccountName");
  return out;
}

}  // namespace clusterless::azure
