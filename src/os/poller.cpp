// SPDX-License-Identifier: MIT
#include "os/poller.hpp"

#include <sys/epoll.h>

#include <algorithm>

#include "os/fail.hpp"

namespace clusterless::os {

poller::poller() : fd_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!fd_) fail("an epoll descriptor");
}

void poller::add(int fd, std::uint64_t token) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = token;
  if (::epoll_ctl(fd_.get(), EPOLL_CTL_ADD, fd, &event) != 0) fail("a watch on a descriptor");
}

void poller::remove(int fd) noexcept {
  ::epoll_ctl(fd_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

std::size_t poller::wait(std::uint64_t* tokens, std::size_t room, int timeout_ms) {
  epoll_event events[64];
  const int most = static_cast<int>(std::min<std::size_t>(room, 64));
  const int n = ::epoll_wait(fd_.get(), events, most, timeout_ms);
  for (int i = 0; i < n; ++i)
    tokens[i] = events[i].data.u64;
  return n < 0 ? 0 : static_cast<std::size_t>(n);
}

}  // namespace clusterless::os
