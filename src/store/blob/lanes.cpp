// SPDX-License-Identifier: MIT
#include "store/blob/lanes.hpp"

namespace clusterless::store {
namespace {

std::unique_ptr<azure::signer> signer_of(const azure::storage_account& account) {
  if (account.key.empty()) return std::make_unique<azure::no_signer>();
  return std::make_unique<azure::shared_key_signer>(azure::service::blob, account.name,
                                                    account.key);
}

}  // namespace

lanes::lane::lane(const azure::storage_account& account, const azure::retry_policy& retry)
    : over(azure::make_curl_transport()),
      on(*over, azure::machine_clock()),
      by(signer_of(account)),
      calls(on, *by, {.retry = retry, .request_id_header = "x-ms-client-request-id"}),
      blobs(calls, account.endpoint, account.sas) {}

lanes::borrowed::borrowed(lanes& from) : from_(from) {
  {
    const std::lock_guard lock(from_.mutex_);
    if (!from_.idle_.empty()) {
      lane_ = std::move(from_.idle_.back());
      from_.idle_.pop_back();
    }
  }
  if (!lane_) lane_ = std::make_unique<lane>(from_.account_, from_.retry_);
}

lanes::borrowed::~borrowed() {
  if (!lane_->on.idle()) return;
  const std::lock_guard lock(from_.mutex_);
  from_.idle_.push_back(std::move(lane_));
}

}  // namespace clusterless::store
