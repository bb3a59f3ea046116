// SPDX-License-Identifier: MIT
#include "azure/loop.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace clusterless::azure {
namespace {

class real_clock final : public clock {
 public:
  std::int64_t steady_ms() const override {
    using namespace std::chrono;
    return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
  }
  std::int64_t unix_seconds() const override {
    using namespace std::chrono;
    return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
  }
};

}  // namespace

const clock& machine_clock() {
  static const real_clock only;
  return only;
}

void loop::later(std::int64_t wait_ms, std::function<void()> what) {
  later_.emplace(clock_.steady_ms() + std::max<std::int64_t>(wait_ms, 0), std::move(what));
}

bool loop::do_what_is_due() {
  bool any = false;
  const std::int64_t now = clock_.steady_ms();
  while (!later_.empty() && later_.begin()->first <= now) {
    const auto what = std::move(later_.begin()->second);
    later_.erase(later_.begin());
    what();
    any = true;
  }
  return any;
}

void loop::poll(std::int64_t timeout_ms) {
  if (do_what_is_due()) timeout_ms = 0;
  if (!later_.empty())
    timeout_ms = std::min(timeout_ms, later_.begin()->first - clock_.steady_ms());
  transport_.poll(std::max<std::int64_t>(timeout_ms, 0));
  do_what_is_due();
}

}  // namespace clusterless::azure
