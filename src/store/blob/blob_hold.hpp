// SPDX-License-Identifier: MIT
// Exclusive rights in the blob store: leases, each renewed by one thread until it is given up.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "store/blob/lanes.hpp"
#include "store/store.hpp"

namespace clusterless::store {

/// One lease that is held.
struct kept_lease;

/// Renews the leases of one store. Its thread starts with the first of them.
class lease_keeper {
 public:
  lease_keeper(std::shared_ptr<lanes> over, int lease_s);
  ~lease_keeper();
  lease_keeper(const lease_keeper&) = delete;
  lease_keeper& operator=(const lease_keeper&) = delete;

  /// Null when somebody else has it. The hold keeps `self`.
  static std::unique_ptr<hold> try_hold(const std::shared_ptr<lease_keeper>& self,
                                        const std::string& key);
  std::optional<holder> held_by(const std::string& key);

 private:
  friend class blob_hold;

  void serve();
  void renew(kept_lease& one);
  void give_up(const std::shared_ptr<kept_lease>& one);

  std::shared_ptr<lanes> over_;
  int lease_s_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<kept_lease>> kept_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace clusterless::store
