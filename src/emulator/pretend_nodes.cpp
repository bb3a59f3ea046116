// SPDX-License-Identifier: MIT
#include "emulator/pretend_nodes.hpp"

namespace clusterless::emulator {

std::string pretend_nodes::root(int number) const {
  return directory_ + '/' + std::to_string(number);
}

void pretend_nodes::perform(const action& order) {
  if (order.what == action::kind::run) {
    const ticks now = now_();
    const ticks end = now + takes_;
    running_.emplace(end, ending{order.run, {0, std::nullopt, now, end}});
    due_[order.run] = end;
  } else if (order.what == action::kind::stop) {
    const auto at = due_.find(order.run);
    if (at == due_.end()) return;
    const auto [first, last] = running_.equal_range(at->second);
    for (auto each = first; each != last; ++each) {
      if (each->second.run != order.run) continue;
      ending stopped = each->second;
      stopped.result.exit_code = 137;
      stopped.result.ended = now_();
      running_.erase(each);
      at->second = stopped.result.ended;
      running_.emplace(stopped.result.ended, stopped);
      return;
    }
  }
}

void pretend_nodes::shut_down() {
  running_.clear();
  due_.clear();
}

std::vector<std::pair<std::uint64_t, command_result>> pretend_nodes::over(ticks now) {
  std::vector<std::pair<std::uint64_t, command_result>> all;
  while (!running_.empty() && running_.begin()->first <= now) {
    const ending& first = running_.begin()->second;
    all.emplace_back(first.run, first.result);
    due_.erase(first.run);
    running_.erase(running_.begin());
  }
  return all;
}

ticks pretend_nodes::next_due() const {
  return running_.empty() ? unlimited : running_.begin()->first;
}

}  // namespace clusterless::emulator
