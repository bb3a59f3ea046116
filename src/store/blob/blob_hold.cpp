// SPDX-License-Identifier: MIT
#include "store/blob/blob_hold.hpp"

#include <atomic>
#include <chrono>
#include <clusterless/error.hpp>
#include <utility>

#include "azure/crypto.hpp"
#include "store/holder.hpp"

namespace clusterless::store {

using azure::blob_client;

struct kept_lease {
  std::string key = {};
  std::string id = {};
  std::atomic<std::int64_t> good_until_ms =
      0;  ///< on the steady clock: when the service may give it away
  std::atomic<bool> lost = false;
};

namespace {

std::int64_t now_ms() {
  return azure::machine_clock().steady_ms();
}

azure::metadata facts_with_lease(const std::string& id) {
  auto facts = facts_of(this_holder());
  facts["machine"] = this_machine();
  facts["lease"] = id;
  return facts;
}

/// Whether a process of this machine took it that is dead.
bool of_dead(const azure::metadata& facts) {
  const auto machine = facts.find("machine");
  return machine != facts.end() && !machine->second.empty() && machine->second == this_machine() &&
         !is_alive(holder_from(facts));
}

/// Ends the lease of a process of this machine that is dead; true when it was one. Who has taken
/// the right since is not touched: the service ends a lease by its id only.
bool end_lease_of_dead(lanes& over, const std::string& key) {
  const auto there = over.ask<std::optional<azure::blob_facts>>(
      [&](blob_client& blobs, auto then) { blobs.head(over.container(), key, std::move(then)); });
  if (!there || !there.value()) return false;
  const auto& facts = there.value()->metadata;
  const auto lease = facts.find("lease");
  if (lease == facts.end() || !of_dead(facts)) return false;
  const auto ended = over.ask<bool>([&](blob_client& blobs, auto then) {
    blobs.release_lease(over.container(), key, lease->second, std::move(then));
  });
  return ended && ended.value();
}

}  // namespace

class blob_hold final : public hold {
 public:
  blob_hold(std::shared_ptr<lease_keeper> by, std::shared_ptr<kept_lease> of)
      : by_(std::move(by)), of_(std::move(of)) {}
  ~blob_hold() override { by_->give_up(of_); }
  bool lost() const noexcept override { return of_->lost || now_ms() >= of_->good_until_ms; }

 private:
  std::shared_ptr<lease_keeper> by_;
  std::shared_ptr<kept_lease> of_;
};

lease_keeper::lease_keeper(std::shared_ptr<lanes> over, int lease_s)
    : over_(std::move(over)), lease_s_(lease_s) {}

lease_keeper::~lease_keeper() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::unique_ptr<hold> lease_keeper::try_hold(const std::shared_ptr<lease_keeper>& self,
                                             const std::string& key) {
  lanes& over = *self->over_;
  auto one = std::make_shared<kept_lease>();
  one->key = key;
  one->id = azure::random_uuid();
  const auto acquire = [&] {
    one->good_until_ms = now_ms() + self->lease_s_ * 1000;
    return over.ask<bool>([&](blob_client& blobs, auto then) {
      blobs.acquire_lease(over.container(), key, one->id, self->lease_s_, std::move(then));
    });
  };
  auto got = acquire();
  if (!got && got.error().status == 404) {
    over.ask_with_container<bool>([&](blob_client& blobs, auto then) {
          blobs.put_new(over.container(), key, {}, {}, std::move(then));
        })
        .value();
    got = acquire();
  }
  if (got && !got.value() && end_lease_of_dead(over, key)) got = acquire();
  if (!got.value()) return nullptr;
  auto made = std::make_unique<blob_hold>(self, one);
  over.ask<azure::done>([&](blob_client& blobs, auto then) {
        blobs.set_metadata(over.container(), key, facts_with_lease(one->id), one->id,
                           std::move(then));
      })
      .value();
  const std::lock_guard lock(self->mutex_);
  self->kept_.push_back(std::move(one));
  if (!self->thread_.joinable()) self->thread_ = std::thread(&lease_keeper::serve, self.get());
  return made;
}

std::optional<holder> lease_keeper::held_by(const std::string& key) {
  const auto got = over_->ask<std::optional<azure::blob_facts>>(
      [&](blob_client& blobs, auto then) { blobs.head(over_->container(), key, std::move(then)); });
  if (!got.value()) return std::nullopt;
  const std::string& state = got.value()->lease_state;
  if (state != "leased" && state != "breaking") return std::nullopt;
  if (of_dead(got.value()->metadata)) return std::nullopt;
  return holder_from(got.value()->metadata);
}

void lease_keeper::give_up(const std::shared_ptr<kept_lease>& one) {
  {
    const std::lock_guard lock(mutex_);
    std::erase(kept_, one);
  }
  try {
    over_->ask<bool>([&](blob_client& blobs, auto then) {
      blobs.release_lease(over_->container(), one->key, one->id, std::move(then));
    });
  } catch (const error&) {
    // It ends by itself then.
  }
}

void lease_keeper::renew(kept_lease& one) {
  if (one.lost) return;
  const std::int64_t asked_ms = now_ms();
  try {
    const auto got = over_->ask<bool>([&](blob_client& blobs, auto then) {
      blobs.renew_lease(over_->container(), one.key, one.id, std::move(then));
    });
    if (got && got.value()) one.good_until_ms = asked_ms + lease_s_ * 1000;
    if (got && !got.value()) one.lost = true;
  } catch (const error&) {
    // The next turn tries again; lost() tells when the time is over.
  }
}

void lease_keeper::serve() {
  const auto turn = std::chrono::milliseconds(lease_s_ * 1000 / 3);
  std::unique_lock lock(mutex_);
  while (!stop_) {
    changed_.wait_for(lock, turn, [this] { return stop_; });
    if (stop_) return;
    const auto now = kept_;
    lock.unlock();
    for (const auto& one : now)
      renew(*one);
    lock.lock();
  }
}

}  // namespace clusterless::store
