// SPDX-License-Identifier: MIT
// What a job answers those who wait for its outcomes.
#include <algorithm>
#include <string>
#include <utility>

#include "client/job.hpp"
#include "client/pool.hpp"
#include "core/defaults.hpp"

namespace clusterless::client {

detail::outcome_run job::ordered(std::size_t item) {
  guard lock = pool_->lock();
  check_alive();
  if (!record_) outcomes_.require(item);
  want(item + 1);
  detail::outcome_run run;
  pool_->wait_until(lock, -1, [&] {
    run = lookup(item);
    return run.count != 0 || is_finished();
  });
  if (run.count == 0) check_alive();
  return run;
}

detail::outcome_run job::finished(std::size_t& cursor) {
  guard lock = pool_->lock();
  check_alive();
  wants_all_ = true;  // whoever takes them as they come may ask for them again
  detail::outcome_run run;
  pool_->wait_until(lock, -1, [&] {
    if (run.count != 0) return true;  // asked again after it said yes
    for (;;) {
      std::size_t at = cursor;
      const auto within = [&at](const item_range& range) {
        if (at < range.count) return true;
        at -= static_cast<std::size_t>(range.count);
        return false;
      };
      const auto old = std::find_if(restored_.begin(), restored_.end(), within);
      if (old != restored_.end()) {
        run = lookup(old->first + at);
        run.count = std::min<std::size_t>(run.count, 1);
        ++cursor;
        if (run.count != 0) return true;
        continue;
      }
      if (at < outcomes_.finished()) {
        const item_range range = outcomes_.at(at);
        ++cursor;
        if (range.count == 0) continue;
        run = lookup(range.first);
        if (run.count != 0) return true;
        continue;
      }
      if (!is_finished()) return false;
      at -= outcomes_.finished();
      const auto dropped = std::find_if(unrun_.begin(), unrun_.end(),
                                        [&](const auto& each) { return within(each.items); });
      if (dropped != unrun_.end()) {
        run = unrun(dropped->items.first + at);
        ++cursor;
      }
      return true;
    }
  });
  return run;
}

void job::want_all() {
  guard lock = pool_->lock();
  wants_all_ = true;
}

// Results that nobody has asked for are bounded, unless they are in the record as well.
bool job::has_room() const {
  return record_ || wants_all_ || pulled_ < wanted_ || outcomes_.bytes() <= defaults::kept_results;
}

void job::want(std::uint64_t end) {
  if (end <= wanted_) return;
  const bool had_room = has_room();
  wanted_ = end;
  if (!had_room && source_) pool_->wake();
}

void job::passed_on(std::uint64_t item) {
  if (record_ || wants_all_ || outcomes_.bytes() <= defaults::kept_results / 2) return;
  outcomes_.release_before(item);
  if (source_) pool_->wake();
}

void job::release_before(std::size_t item) {
  guard lock = pool_->lock();
  outcomes_.release_before(item);
}

bool job::wait_for(std::chrono::nanoseconds limit) {
  guard lock = pool_->lock();
  check_alive();
  const bool finished = pool_->wait_until(lock, limit.count(), [this] { return is_finished(); });
  check_alive();
  return finished;
}

job_status job::status() {
  guard lock = pool_->lock();
  const auto& counts = book_.counts();
  job_status now;
  now.id = facts_.id;
  if (total_) now.total = static_cast<std::size_t>(*total_);
  now.done = static_cast<std::size_t>(counts.settled - counts.failed);
  now.failed = static_cast<std::size_t>(counts.failed);
  now.running = static_cast<std::size_t>(pool_->items_running(*this));
  now.retried = static_cast<std::size_t>(counts.retried);
  now.finished = is_finished();
  now.cancelled = cancelled_;
  return now;
}

}  // namespace clusterless::client
