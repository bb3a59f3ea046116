// SPDX-License-Identifier: MIT
#include "os/event_fd.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "os/fail.hpp"

namespace clusterless::os {

event_fd::event_fd() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!fd_) fail("an eventfd");
}

void event_fd::ring() const noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(fd_.get(), &one, sizeof one);
}

void event_fd::silence() const noexcept {
  std::uint64_t rings = 0;
  [[maybe_unused]] const auto got = ::read(fd_.get(), &rings, sizeof rings);
}

}  // namespace clusterless::os
