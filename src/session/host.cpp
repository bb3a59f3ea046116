// SPDX-License-Identifier: MIT
#include "session/host.hpp"

#include <unistd.h>

#include <algorithm>

#include "os/steady_clock.hpp"

namespace clusterless::session {

host::host() : oom_(os::oom_counter_files(::getpid())) {
  oom_at_start_ = oom_.read().value_or(0);
  poller_.add(bell_.event_fd(), wake_up);
}

core::nanoseconds host::now() const {
  return os::steady_ns();
}

std::uint64_t host::id_of(watched* who) {
  auto& id = ids_[who];
  if (id == 0) {
    id = ++last_id_;
    by_id_[id] = who;
  }
  return id;
}

void host::watch_bell(int number, watched* who) {
  const auto at = static_cast<std::size_t>(number);
  if (by_number_.size() <= at) by_number_.resize(at + 1);
  by_number_[at] = who;
}

void host::watch_output(int fd, watched* who) {
  poller_.add(fd, id_of(who) << 2 | output);
}
void host::watch_end(int pidfd, watched* who) {
  poller_.add(pidfd, id_of(who) << 2 | end);
}

void host::forget(watched* who, int number, int output_fd, int pidfd) {
  if (number >= 0) by_number_[static_cast<std::size_t>(number)] = nullptr;
  if (output_fd >= 0) poller_.remove(output_fd);
  if (pidfd >= 0) poller_.remove(pidfd);
  const auto found = ids_.find(who);
  if (found == ids_.end()) return;
  by_id_.erase(found->second);
  ids_.erase(found);
}

bool host::poll_messages() {
  return bell_.collect([this](int number) {
    watched* who = by_number_[static_cast<std::size_t>(number)];
    if (who != nullptr) who->told();
  });
}

int host::timeout_ms(core::nanoseconds deadline) const {
  if (deadline < 0) return -1;
  const core::nanoseconds left = deadline - now();
  if (left <= 0) return 0;
  return static_cast<int>(std::min<core::nanoseconds>(left / 1'000'000 + 1, 3'600'000));
}

void host::wait_descriptors(int timeout) {
  dispatch(poller_.wait(tokens_, max_tokens, timeout));
}

void host::attend(bool begin) noexcept {
  bell_.attend(begin);
  if (!begin) back_by_.store(0, std::memory_order_relaxed);
}

void host::leave(core::nanoseconds back_by) noexcept {
  bell_.leave();
  back_by_.store(back_by, std::memory_order_relaxed);
}

bool host::somebody_is_back_soon() const noexcept {
  return now() < back_by_.load(std::memory_order_relaxed);
}

// Without the lock, which is in use all the time while somebody attends.
std::size_t host::wait_while_attended(core::nanoseconds deadline) {
  for (;;) {
    const core::nanoseconds look = back_by_.load(std::memory_order_relaxed);
    const core::nanoseconds until = deadline < 0 ? look : std::min(deadline, look);
    const std::size_t n = poller_.wait(tokens_, max_tokens, timeout_ms(until));
    if (n != 0 || !somebody_is_back_soon() || (deadline >= 0 && now() >= deadline)) return n;
  }
}

void host::dispatch(std::size_t tokens) {
  // A call may forget others, so each token is looked up when its turn comes; ends go last, when
  // all output has been read.
  const std::vector<std::uint64_t> batch(tokens_, tokens_ + tokens);
  for (const kind wanted : {output, end}) {
    for (const std::uint64_t token : batch) {
      if ((token & 3) != wanted) continue;
      const auto found = by_id_.find(token >> 2);
      if (found == by_id_.end()) continue;
      if (wanted == output)
        found->second->readable();
      else
        found->second->ended();
    }
  }
}

std::uint64_t host::unexplained_oom_kills() {
  const std::uint64_t seen = oom_.read().value_or(0);
  const std::uint64_t grown = seen - std::min(seen, oom_at_start_);
  return grown - std::min(grown, explained_);
}

}  // namespace clusterless::session
