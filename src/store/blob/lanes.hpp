// SPDX-License-Identifier: MIT
// Blocking calls to one container from any thread: each call borrows a lane, which is a connection
// with its own loop, and gives it back.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "azure/blob.hpp"
#include "azure/shared_key.hpp"

namespace clusterless::store {

class lanes {
 public:
  lanes(azure::storage_account account, std::string container, const azure::retry_policy& retry)
      : account_(std::move(account)), container_(std::move(container)), retry_(retry) {}

  const std::string& container() const { return container_; }
  const azure::storage_account& account() const { return account_; }

  /// Starts a call with `start(blob_client, then)` and waits for its end.
  template <class T, class Start>
  azure::result<T> ask(Start start) {
    borrowed on(*this);
    return azure::wait_for<T>(on->on, [&](auto then) { start(on->blobs, std::move(then)); });
  }

  /// ask(), with the container made and the call repeated when there is none.
  template <class T, class Start>
  azure::result<T> ask_with_container(Start start) {
    azure::result<T> got = ask<T>(start);
    if (got || !got.error().is("ContainerNotFound")) return got;
    const auto made = ask<bool>([&](azure::blob_client& blobs, auto then) {
      blobs.create_container(container_, std::move(then));
    });
    if (!made) return made.error();
    return ask<T>(start);
  }

 private:
  struct lane {
    lane(const azure::storage_account& account, const azure::retry_policy& retry);
    std::unique_ptr<azure::transport> over;
    azure::loop on;
    std::unique_ptr<azure::signer> by;
    azure::exchange calls;
    azure::blob_client blobs;
  };
  class borrowed {
   public:
    explicit borrowed(lanes& from);
    /// A lane on which a call was cut off by an exception is not used again.
    ~borrowed();
    borrowed(const borrowed&) = delete;
    borrowed& operator=(const borrowed&) = delete;
    lane* operator->() const { return lane_.get(); }

   private:
    lanes& from_;
    std::unique_ptr<lane> lane_;
  };

  azure::storage_account account_;
  std::string container_;
  azure::retry_policy retry_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<lane>> idle_;
};

}  // namespace clusterless::store
