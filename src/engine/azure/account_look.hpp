// SPDX-License-Identifier: MIT
// Questions to the services of one account, each answered before the call returns. What the answers
// mean is for account_check.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "azure/management.hpp"
#include "engine/azure/cloud.hpp"
#include "engine/azure/image_choice.hpp"

namespace clusterless::engine {

class account_look {
 public:
  /// `on` and `who` must outlive it.
  account_look(azure::loop& on, const core::cloud_account& who);

  cloud& in() { return in_; }

  /// Why there is no token for Batch; nothing when there is one, or none is needed.
  std::optional<azure::service_error> token();

  struct answer {
    std::optional<azure::service_error> why = {};  ///< there is no good answer
    std::optional<std::int64_t> skew_s = {};       ///< of our clock, by the answer's date
    bool is_batch = false;                         ///< it has the form of Azure Batch
  };
  /// One request to Batch that anybody with access may make, sent once.
  answer ask_service();

  /// Why containers cannot be listed.
  std::optional<azure::service_error> storage(const std::string& container);

  struct image_seen {
    image_choice choice = {};
    std::string failed = {};
  };
  image_seen image(const image_wish& wish);

  struct pool_seen {
    std::optional<azure::service_error> why = {};
    std::optional<azure::batch::pool_info> there = {};
  };
  pool_seen pool(const std::string& id);

  struct usage {
    std::optional<azure::service_error> why = {};
    int pools = 0;
    int nodes = 0;        ///< dedicated
    int cores = 0;        ///< of them, where names of sizes tell
    int other_cores = 0;  ///< of those in pools that pool() was not asked for
    int active_jobs = 0;
  };
  usage used();

  struct quotas_seen {
    std::optional<azure::account_quotas> quotas = {};
    std::string why_not = {};
  };
  quotas_seen quotas();

 private:
  azure::loop& on_;
  cloud in_;
  std::vector<std::string> own_;  ///< ids that pool() was asked for
};

}  // namespace clusterless::engine
