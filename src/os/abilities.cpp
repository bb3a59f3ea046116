// SPDX-License-Identifier: MIT
#include "os/abilities.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "os/unique_fd.hpp"

namespace clusterless::os {

namespace {

constexpr std::size_t probe_bytes = 1 << 16;

std::string because(const char* call) {
  return std::string(call) + ": " + std::strerror(errno);
}

}  // namespace

std::string why_no_shared_memory() {
  const unique_fd probe(::memfd_create("clusterless-probe", MFD_CLOEXEC));
  if (!probe) return because("memfd_create");
  if (::ftruncate(probe.get(), probe_bytes) != 0) return because("ftruncate");
  void* at = ::mmap(nullptr, probe_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, probe.get(), 0);
  if (at == MAP_FAILED) return because("mmap");
  ::munmap(at, probe_bytes);
  return {};
}

std::string why_no_pidfd() {
  const unique_fd self(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
  return self ? std::string() : because("pidfd_open");
}

}  // namespace clusterless::os
