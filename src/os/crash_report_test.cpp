// SPDX-License-Identifier: MIT
#include "os/crash_report.hpp"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "os/crashing_child_test.hpp"

using namespace clusterless::os;
using namespace crash_tests;

namespace {

[[gnu::noinline]] int fill_stack(int depth) {
  volatile char room[512];
  room[0] = static_cast<char>(depth);
  if (depth < 0) return 0;
  const int below = fill_stack(depth + 1);
  return below + room[0];
}

[[gnu::noinline]] int divide(volatile int* a, volatile int* b) {
  return *a / *b;
}

using function = void (*)();
volatile function nowhere = nullptr;

// Points the frame pointer chain and stack pointer at garbage, then faults.
[[gnu::noinline]] void fault_with_wild_stack() {
#if defined(__x86_64__)
  asm volatile("mov $0x10, %rsp\n\tmov $0x10, %rbp\n\tmovl $0, 0");
#else
  asm volatile("mov x9, #0x10\n\tmov sp, x9\n\tstr wzr, [xzr]");
#endif
}

}  // namespace

TEST_CASE("a crash leaves signal, address and stack, and the wait status stays true") {
  crashing_child child([] { *null_pointer = 1; });

  const int status = child.wait();

  REQUIRE(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGSEGV);
  const crash_record& record = child.record();
  REQUIRE(complete(record));
  CHECK(record.signal == SIGSEGV);
  CHECK(record.code == SEGV_MAPERR);
  CHECK(record.address == 0);
  CHECK(record.sender == 0);
  CHECK(record.process == child.process());
  CHECK(record.thread == child.process());
  CHECK(record.nested_signal == 0);
  CHECK(record.stack_overflow == 0);
  const auto frames = read_frames(record);
  REQUIRE(frames.size() > 2);
  CHECK(frames[0].module >= 0);
}

TEST_CASE("each crash signal is reported and kills by itself") {
  for (int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP}) {
    CAPTURE(signal);
    crashing_child child([signal] { ::raise(signal); });

    const int status = child.wait();

    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == signal);
    REQUIRE(complete(child.record()));
    CHECK(child.record().signal == signal);
    CHECK(child.record().sender == child.process());
  }
}

TEST_CASE("a division by zero is told by its code and address") {
  crashing_child child([] {
    volatile int seven = 7;
    volatile int zero = 0;
    ::_exit(divide(&seven, &zero));
  });
#if defined(__x86_64__)
  CHECK(WTERMSIG(child.wait()) == SIGFPE);
  CHECK(child.record().code == FPE_INTDIV);
  CHECK(child.record().address == child.record().frames[0]);
#endif
}

TEST_CASE("a stack overflow is recognised, and both ends of the stack are kept") {
  crashing_child child([] { ::_exit(fill_stack(0)); });

  CHECK(WTERMSIG(child.wait()) == SIGSEGV);
  const crash_record& record = child.record();
  REQUIRE(complete(record));
  CHECK(record.stack_overflow == 1);
  CHECK(record.frame_count > 1000);
  const auto frames = read_frames(record);
  REQUIRE(frames.size() == crash_record::top_frames + crash_record::bottom_frames);
  CHECK(frames.front().number == 0);
  CHECK(frames.back().number == record.frame_count - 1);
  CHECK(frames[1].address == frames[90].address);
  CHECK(frames.back().address != frames[1].address);
}

TEST_CASE("a stack overflow in a covered thread is reported too") {
  crashing_child child([] {
    std::thread([] {
      cover_this_thread();
      ::_exit(fill_stack(0));
    }).join();
  });

  CHECK(WTERMSIG(child.wait()) == SIGSEGV);
  REQUIRE(complete(child.record()));
  CHECK(child.record().stack_overflow == 1);
  CHECK(child.record().thread != child.process());
}

TEST_CASE("a null pointer far from the stack is no stack overflow, nor is a read-only page") {
  crashing_child child([] {
    void* page = ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *static_cast<volatile char*>(page) = 1;
  });

  CHECK(WTERMSIG(child.wait()) == SIGSEGV);
  REQUIRE(complete(child.record()));
  CHECK(child.record().code == SEGV_ACCERR);
  CHECK(child.record().stack_overflow == 0);
}

TEST_CASE("an uncaught exception in a thread is reported as that thread's abort") {
  crashing_child child([] { std::thread([] { throw std::runtime_error("lost"); }).join(); });

  CHECK(WTERMSIG(child.wait()) == SIGABRT);
  REQUIRE(complete(child.record()));
  CHECK(child.record().thread != child.process());
  CHECK(read_frames(child.record()).size() > 5);
}

TEST_CASE("a call of a null function keeps its caller's frames") {
  crashing_child child([] { nowhere(); });

  CHECK(WTERMSIG(child.wait()) == SIGSEGV);
  REQUIRE(complete(child.record()));
  const auto frames = read_frames(child.record());
  REQUIRE(frames.size() > 3);
  CHECK(frames[0].address == 0);
  CHECK(frames[0].module == -1);
  CHECK(frames[1].module >= 0);
}

TEST_CASE("a second crash while the stack is walked ends the process with a record" *
          doctest::skip(under_tsan)) {
  crashing_child child(fault_with_wild_stack);

  CHECK(WTERMSIG(child.wait()) == SIGSEGV);
  const crash_record& record = child.record();
  REQUIRE(complete(record));
  CHECK(record.signal == SIGSEGV);
  CHECK(record.nested_signal == SIGSEGV);
  const auto frames = read_frames(record);
  REQUIRE(frames.size() >= 1);
  CHECK(frames[0].module >= 0);
}

TEST_CASE("threads that crash at once end the process once") {
  crashing_child child([] {
    std::thread other([] { *null_pointer = 1; });
    std::thread another([] { *null_pointer = 2; });
    std::abort();
  });

  const int status = child.wait();

  REQUIRE(WIFSIGNALED(status));
  REQUIRE(complete(child.record()));
  CHECK(child.record().signal == WTERMSIG(status));
}

TEST_CASE("a stack request of the parent is the last thing that its thread gets" *
          doctest::skip(under_tsan)) {
  const shared_counter waits;
  crashing_child child([&] {
    *waits.value = 1;
    ::pause();
    ::_exit(7);
  });
  REQUIRE(waits.wait_until(1));

  for (int i = 0; i < 2; ++i) {
    clear(child.record());
    ::kill(child.process(), stack_request_signal);
    REQUIRE(child.wait_for_record());
    CHECK(child.record().signal == stack_request_signal);
    CHECK(child.record().sender == ::getpid());
  }
  ::kill(child.process(), SIGKILL);
  CHECK(WTERMSIG(child.wait()) == SIGKILL);
}

TEST_CASE("a stack request of another reports a running process and lets it go on" *
          doctest::skip(under_tsan)) {
  const shared_counter turns;
  const auto request = [](pid_t from) {
    const pid_t other = ::fork();
    if (other == 0) {
      ::kill(from, stack_request_signal);
      ::_exit(0);
    }
    ::waitpid(other, nullptr, 0);
    return other;
  };
  crashing_child child([&] {
    for (;;)
      *turns.value = *turns.value + 1;
  });
  REQUIRE(turns.wait_until(1));

  const pid_t asked_by = request(child.process());

  REQUIRE(child.wait_for_record());
  CHECK(child.record().signal == stack_request_signal);
  CHECK(child.record().sender == asked_by);
  CHECK(read_frames(child.record()).size() > 2);

  clear(child.record());
  CHECK(turns.wait_until(*turns.value + 1000));
  request(child.process());
  CHECK(child.wait_for_record());
  ::kill(child.process(), SIGSEGV);
  CHECK(WTERMSIG(child.wait()) == SIGSEGV);
  CHECK(child.record().signal == SIGSEGV);
}

TEST_CASE("a handler that the user installs later wins") {
  crashing_child child([] {
    ::signal(SIGSEGV, [](int) { ::_exit(42); });
    *null_pointer = 1;
  });

  CHECK(WEXITSTATUS(child.wait()) == 42);
  CHECK_FALSE(complete(child.record()));
}

TEST_CASE("the crash of a child that the user forks is not the worker's") {
  crashing_child child([] {
    const pid_t forked = ::fork();
    if (forked == 0) *null_pointer = 1;
    int status = 0;
    while (::waitpid(forked, &status, 0) < 0 && errno == EINTR)
      continue;
    ::_exit(WIFSIGNALED(status) ? WTERMSIG(status) : 0);
  });

  CHECK(WEXITSTATUS(child.wait()) == SIGSEGV);
  CHECK_FALSE(complete(child.record()));
}

TEST_CASE("a process that ends well or is killed leaves no record") {
  crashing_child well([] {});
  CHECK(WIFEXITED(well.wait()));
  CHECK_FALSE(complete(well.record()));

  crashing_child killed([] { ::raise(SIGKILL); });
  CHECK(WTERMSIG(killed.wait()) == SIGKILL);
  CHECK_FALSE(complete(killed.record()));
}

TEST_CASE("reading a record trusts none of its counts") {
  crashing_child child([] { *null_pointer = 1; });
  child.wait();
  crash_record record = child.record();
  REQUIRE(complete(record));

  record.frame_count = ~std::uint64_t{0};
  record.module_count = ~std::uint32_t{0};
  CHECK(read_frames(record).size() == crash_record::top_frames + crash_record::bottom_frames);

  clear(record);
  CHECK_FALSE(complete(record));
  CHECK(read_frames(record).empty());
}
