// SPDX-License-Identifier: MIT
// What one thread drives: a transport, and things to do later. Clients of several services share a
// loop; nothing happens but inside poll(), and callbacks may start new requests.
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "azure/clock.hpp"
#include "azure/http.hpp"

namespace clusterless::azure {

class loop {
 public:
  /// Both must outlive the loop.
  loop(transport& over, const clock& by) : transport_(over), clock_(by) {}
  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;

  transport& over() { return transport_; }
  const class clock& clock() const { return clock_; }

  /// Calls `what` from a poll() that runs at least `wait_ms` from now.
  void later(std::int64_t wait_ms, std::function<void()> what);
  /// Does what is due, and waits at most `timeout_ms` for more.
  void poll(std::int64_t timeout_ms);
  /// Ends the wait of poll(). May be called from any thread.
  void wake() noexcept { transport_.wake(); }
  /// Whether anything may still happen by itself.
  bool idle() const { return later_.empty() && transport_.under_way() == 0; }

 private:
  bool do_what_is_due();

  transport& transport_;
  const class clock& clock_;
  std::multimap<std::int64_t, std::function<void()>> later_;
};

}  // namespace clusterless::azure
