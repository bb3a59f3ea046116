// SPDX-License-Identifier: MIT
// One Azure account as the engine uses it: clients of its Batch and Blob services over one loop,
// each signed as the credentials say, and URLs that let nodes at exactly what they need.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "azure/batch.hpp"
#include "azure/blob.hpp"
#include "azure/tokens.hpp"
#include "core/cloud_account.hpp"

namespace clusterless::engine {

class cloud {
 public:
  /// `on` and `who` must outlive it. Nothing is asked yet. Throws `error` (misuse) for a key that
  /// is none.
  cloud(azure::loop& on, const core::cloud_account& who);
  ~cloud();
  cloud(const cloud&) = delete;
  cloud& operator=(const cloud&) = delete;

  azure::batch::client& batch() { return *batch_; }
  azure::blob_client& blobs() { return *blobs_; }
  /// "eastus", or the Batch account's name when the region is not known.
  const std::string& place() const { return place_; }

  const core::cloud_account& account() const { return who_; }
  const std::string& storage_url() const { return storage_url_; }
  /// Of requests to Batch.
  azure::signer& batch_signer() { return *batch_signer_; }
  /// Null when Batch is reached with the account's own key.
  azure::token_source* tokens() { return tokens_.get(); }

  /// A URL of a container, or of a blob in it, that grants `permissions` ("r", "cw", "rl") for
  /// `seconds` from now.
  std::string open_url(const std::string& container, const std::string& blob,
                       const std::string& permissions, std::int64_t seconds) const;

 private:
  azure::loop& on_;
  const core::cloud_account& who_;
  std::string place_;
  std::string storage_url_;
  std::unique_ptr<azure::token_source> tokens_;
  std::unique_ptr<azure::signer> batch_signer_;
  std::unique_ptr<azure::signer> blob_signer_;
  std::unique_ptr<azure::exchange> batch_calls_;
  std::unique_ptr<azure::exchange> blob_calls_;
  std::unique_ptr<azure::batch::client> batch_;
  std::unique_ptr<azure::blob_client> blobs_;
};

}  // namespace clusterless::engine
