// SPDX-License-Identifier: MIT
#include "azure/token_errors.hpp"

#include <algorithm>

namespace clusterless::azure {
namespace {

/// "AADSTS7000222" in "AADSTS7000222: The provided client secret keys …".
std::string code_in(const std::string& message) {
  constexpr std::string_view prefix = "AADSTS";
  const auto at = message.find(prefix);
  if (at == std::string::npos) return {};
  const auto end = message.find_first_not_of("0123456789", at + prefix.size());
  return message.substr(at, end == std::string::npos ? end : end - at);
}

}  // namespace

service_error explain_token_error(service_error why, const std::string& tenant,
                                  const std::string& client) {
  const std::string code = code_in(why.message);
  if (code.empty()) return why;
  why.code = code;
  if (code == "AADSTS7000222") {
    why.hint = "the secret of client " + client +
               " has expired: make a new one (az ad app credential reset --id " + client +
               ") and put it into the credentials";
  } else if (code == "AADSTS7000215") {
    why.hint = "the secret of client " + client +
               " is wrong: use the secret's value, not its id, or make a new one (az ad app "
               "credential reset --id " +
               client + ")";
  } else if (code == "AADSTS700016") {
    why.hint = "tenant " + tenant + " has no client " + client +
               ": correct the client id, or the tenant that it belongs to";
  } else if (code == "AADSTS90002" || code == "AADSTS900023") {
    why.hint = "there is no tenant " + tenant + ": correct the tenant id (az account show)";
  } else if (code == "AADSTS500011" || code == "AADSTS1002012" || code == "AADSTS70011") {
    why.hint = "correct the resource that tokens are for";
  } else if (code == "AADSTS700024" || code == "AADSTS700027") {
    why.hint = "check this machine's clock";
  } else if (code == "AADSTS7000112") {
    why.hint = "client " + client + " is disabled: let an administrator of tenant " + tenant +
               " enable it";
  } else {
    why.hint = "check tenant, client and secret in the credentials";
  }
  return why;
}

service_error explain_identity_error(service_error why) {
  if (why.failed == failure::unreachable || why.failed == failure::timed_out) {
    why.hint =
        "this machine has no managed identity, or is no machine of Azure; give a service principal "
        "or a key in the credentials";
  } else if (why.status == 400) {
    why.hint =
        "this machine has no such managed identity: assign one to it (az vm identity assign)";
  }
  return why;
}

}  // namespace clusterless::azure
