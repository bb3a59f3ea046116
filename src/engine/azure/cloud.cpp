// SPDX-License-Identifier: MIT
#include "engine/azure/cloud.hpp"

#include <cstdlib>

#include "azure/sas.hpp"
#include "azure/shared_key.hpp"
#include "core/defaults.hpp"

namespace clusterless::engine {

namespace {

std::unique_ptr<azure::token_source> tokens_of(azure::loop& on, const core::cloud_account& who) {
  if (who.client_secret.empty())
    return azure::make_identity_tokens(on, azure::identity_from_environment());
  azure::principal as;
  as.tenant = who.tenant;
  as.client = who.client_id;
  as.secret = core::secret(std::string(who.client_secret.reveal()));
  if (const char* authority = std::getenv("AZURE_AUTHORITY_HOST");
      authority != nullptr && *authority != '\0')
    as.authority = std::string_view(authority).find("://") == std::string_view::npos
                       ? "https://" + std::string(authority)
                       : authority;
  return azure::make_principal_tokens(on, std::move(as));
}

}  // namespace

cloud::cloud(azure::loop& on, const core::cloud_account& who)
    : on_(on),
      who_(who),
      place_(!who.region.empty()               ? who.region
             : !who.batch_account_name.empty() ? who.batch_account_name
                                               : who.batch_url),
      storage_url_(!who.storage_url.empty()
                       ? who.storage_url
                       : "https://" + who.storage_account_name + ".blob.core.windows.net") {
  while (storage_url_.ends_with('/'))
    storage_url_.pop_back();
  if (!who.batch_account_key.empty()) {
    batch_signer_ = std::make_unique<azure::shared_key_signer>(
        azure::service::batch, who.batch_account_name, who.batch_account_key);
  } else {
    tokens_ = tokens_of(on, who);
    batch_signer_ = std::make_unique<azure::bearer_signer>(on, *tokens_, who.batch_resource);
  }
  blob_signer_ = std::make_unique<azure::shared_key_signer>(
      azure::service::blob, who.storage_account_name, who.storage_account_key);
  batch_calls_ = std::make_unique<azure::exchange>(on, *batch_signer_);
  azure::exchange_options of_blobs;
  of_blobs.request_id_header = "x-ms-client-request-id";
  blob_calls_ = std::make_unique<azure::exchange>(on, *blob_signer_, of_blobs);
  batch_ = std::make_unique<azure::batch::client>(*batch_calls_, who.batch_url);
  blobs_ = std::make_unique<azure::blob_client>(*blob_calls_, storage_url_);
}

cloud::~cloud() = default;

std::string cloud::open_url(const std::string& container, const std::string& blob,
                            const std::string& permissions, std::int64_t seconds) const {
  azure::sas_request wanted;
  wanted.container = container;
  wanted.blob = blob;
  wanted.permissions = permissions;
  wanted.expiry_s = on_.clock().unix_seconds() + seconds;
  wanted.https_only = storage_url_.starts_with("https://");
  return blobs_->url_of(container, blob) + '?' +
         azure::service_sas(who_.storage_account_name, who_.storage_account_key, wanted);
}

}  // namespace clusterless::engine
