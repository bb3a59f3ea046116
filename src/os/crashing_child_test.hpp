// SPDX-License-Identifier: MIT
// For tests: a forked child with crash handlers and a record shared with the test.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "os/crash_report.hpp"

namespace crash_tests {

using clusterless::os::crash_record;

/// ThreadSanitizer holds signals from outside back until the next system call, and follows no jump
/// out of a handler: tests that need either are left out under it.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool under_tsan = true;
#else
inline constexpr bool under_tsan = false;
#endif

/// Whether the condition comes true before a deadline that only broken code reaches.
template <class Condition>
bool wait_for(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  return condition();
}

class crashing_child {
 public:
  /// Runs `body` in a child, which exits with code 0 if it comes back.
  template <class F>
  explicit crashing_child(F body) {
    void* at = ::mmap(nullptr, sizeof(crash_record), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(at != MAP_FAILED);
    record_ = new (at) crash_record;
    process_ = ::fork();
    REQUIRE(process_ >= 0);
    if (process_ != 0) return;
    const rlimit no_core = {0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    ::dup2(nowhere, STDERR_FILENO);
    clusterless::os::install_crash_handlers(record_);
    body();
    ::_exit(0);
  }
  crashing_child(const crashing_child&) = delete;
  crashing_child& operator=(const crashing_child&) = delete;
  ~crashing_child() {
    if (!ended_) {
      ::kill(process_, SIGKILL);
      wait();
    }
    ::munmap(record_, sizeof(crash_record));
  }

  pid_t process() const { return process_; }
  crash_record& record() { return *record_; }

  /// The wait status, once the child has ended.
  int wait() {
    while (!ended_)
      ended_ = ::waitpid(process_, &status_, 0) == process_;
    return status_;
  }

  bool wait_for_record() const {
    return wait_for([&] { return clusterless::os::complete(*record_); });
  }

 private:
  crash_record* record_ = nullptr;
  pid_t process_ = 0;
  int status_ = 0;
  bool ended_ = false;
};

/// A number that a child counts up where the test sees it.
struct shared_counter {
  volatile long* value = nullptr;
  shared_counter() {
    void* at =
        ::mmap(nullptr, sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(at != MAP_FAILED);
    value = static_cast<long*>(at);
  }
  shared_counter(const shared_counter&) = delete;
  shared_counter& operator=(const shared_counter&) = delete;
  ~shared_counter() { ::munmap(const_cast<long*>(value), sizeof(long)); }

  bool wait_until(long least) const {
    return wait_for([&] { return *value >= least; });
  }
};

/// A pointer that the compiler does not know to be null.
inline int* volatile null_pointer = nullptr;

/// Whether `text` has `part`; a failed check shows both.
inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace crash_tests
