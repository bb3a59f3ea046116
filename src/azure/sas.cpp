// SPDX-License-Identifier: MIT
#include "azure/sas.hpp"

#include <clusterless/error.hpp>

#include "azure/blob.hpp"
#include "azure/crypto.hpp"
#include "azure/text.hpp"

namespace clusterless::azure {
namespace {

// The order that the service wants.
constexpr std::string_view known_permissions = "racwdxltmeop";

std::string ordered_permissions(const sas_request& wanted) {
  std::string out;
  for (const char one : known_permissions)
    if (wanted.permissions.find(one) != std::string::npos) out += one;
  if (out.empty() || wanted.permissions.find_first_not_of(known_permissions) != std::string::npos)
    throw error(error_kind::misuse, "'" + wanted.permissions +
                                        "' is no set of permissions for a SAS; use letters of " +
                                        std::string(known_permissions));
  return out;
}

struct sas_fields {
  std::string permissions, start, expiry, resource, kind, protocol;
};

sas_fields fields_of(const std::string& account, const sas_request& wanted) {
  if (wanted.expiry_s <= wanted.start_s)
    throw error(error_kind::misuse, "a SAS for " + wanted.container +
                                        " would expire before it starts; give it a later expiry");
  sas_fields out;
  out.permissions = ordered_permissions(wanted);
  if (wanted.start_s > 0) out.start = iso_time(wanted.start_s);
  out.expiry = iso_time(wanted.expiry_s);
  out.kind = wanted.blob.empty() ? "c" : "b";
  out.resource =
      "/blob/" + account + "/" + wanted.container + (wanted.blob.empty() ? "" : "/" + wanted.blob);
  if (wanted.https_only) out.protocol = "https";
  return out;
}

const std::string version(storage_version);

/// Snapshot, encryption scope and the five headers that a SAS may replace: none.
constexpr std::string_view unused_fields = "\n\n\n\n\n\n\n";

query common_query(const sas_fields& of) {
  query out = {{"sv", version}};
  if (!of.start.empty()) out.emplace_back("st", of.start);
  out.emplace_back("se", of.expiry);
  out.emplace_back("sr", of.kind);
  out.emplace_back("sp", of.permissions);
  if (!of.protocol.empty()) out.emplace_back("spr", of.protocol);
  return out;
}

std::string signed_query(query parts, const std::string& key_text, const std::string& text) {
  const core::secret key(from_base64(key_text, "the key for the SAS"));
  parts.emplace_back("sig", base64(hmac_sha256(key.reveal(), text)));
  return to_text(parts).substr(1);
}

}  // namespace

std::string service_sas_text(const std::string& account, const sas_request& wanted) {
  const sas_fields of = fields_of(account, wanted);
  // Permissions, start, expiry, resource, identifier, IP range, protocol, version, kind.
  return of.permissions + "\n" + of.start + "\n" + of.expiry + "\n" + of.resource + "\n\n\n" +
         of.protocol + "\n" + version + "\n" + of.kind + std::string(unused_fields);
}

std::string service_sas(const std::string& account, const core::secret& key,
                        const sas_request& wanted) {
  return signed_query(common_query(fields_of(account, wanted)), std::string(key.reveal()),
                      service_sas_text(account, wanted));
}

std::string delegation_sas(const std::string& account, const delegation_key& key,
                           const sas_request& wanted) {
  const sas_fields of = fields_of(account, wanted);
  // After the key's own fields: authorised and unauthorised object, correlation id, IP range.
  const std::string text = of.permissions + "\n" + of.start + "\n" + of.expiry + "\n" +
                           of.resource + "\n" + key.object_id + "\n" + key.tenant_id + "\n" +
                           key.start + "\n" + key.expiry + "\n" + key.service + "\n" + key.version +
                           "\n\n\n\n\n" + of.protocol + "\n" + version + "\n" + of.kind +
                           std::string(unused_fields);
  query parts = common_query(of);
  parts.emplace_back("skoid", key.object_id);
  parts.emplace_back("sktid", key.tenant_id);
  parts.emplace_back("skt", key.start);
  parts.emplace_back("ske", key.expiry);
  parts.emplace_back("sks", key.service);
  parts.emplace_back("skv", key.version);
  return signed_query(std::move(parts), key.value, text);
}

}  // namespace clusterless::azure
