// SPDX-License-Identifier: MIT
// Items that end their process, hang or ask for too much: each costs itself only.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "conformance/pool_under_test.hpp"

namespace cl = clusterless;
using namespace std::chrono_literals;
using conformance::contains;
using conformance::make_pool;

namespace {

enum class fate : int {
  lives,
  segfaults,
  aborts,
  leaves_at_once,
  leaves,
  is_killed,
  hangs,
  throws_in_thread,
  overflows_stack,
  divides_by_zero,
};

int* volatile nowhere = nullptr;
volatile int zero = 0;

// What is wrong on purpose is for the processor to find, not for a sanitizer.
[[gnu::noinline, gnu::no_sanitize("undefined")]] int write_to_nowhere(int i) {
  *nowhere = i;
  return i;
}

[[gnu::noinline]] int deeper(int n) {
  volatile char room[4096];
  room[static_cast<std::size_t>(n) % sizeof room] = 1;
  return n < 0 ? 0 : deeper(n + 1) + room[0];
}

[[gnu::noinline]] void spin_for_ever() {
  while (zero == 0) {
  }
}

[[gnu::noinline, gnu::no_sanitize("undefined")]] int divide(int a, int b) {
  return a / b;
}

int meet(fate what) {
  std::printf("about to meet fate %d\n", static_cast<int>(what));
  switch (what) {
    case fate::lives:
      break;
    case fate::segfaults:
      return write_to_nowhere(1);
    case fate::aborts:
      std::abort();
    case fate::leaves_at_once:
      std::_Exit(3);
    case fate::leaves:
      std::exit(0);
    case fate::is_killed:
      ::kill(::getpid(), SIGKILL);
      ::pause();
      break;
    case fate::hangs:
      spin_for_ever();
      break;
    case fate::throws_in_thread:
      std::thread([] { throw std::runtime_error("from a thread"); }).join();
      break;
    case fate::overflows_stack:
      return deeper(0);
    case fate::divides_by_zero:
      return divide(static_cast<int>(what), zero);
  }
  return 1;
}

/// One item with that fate in the middle of 40 that live; checks that it alone is lost.
cl::remote_error lone_failure(fate what, cl::map_options options = {}) {
  auto pool = make_pool(3);
  std::vector<fate> items(40, fate::lives);
  items[17] = what;
  options.retries.lost = 0;
  options.prints = false;
  auto job = pool.pmap(meet, items, options);
  const auto all = job.outcomes();
  REQUIRE(all.size() == items.size());
  for (std::size_t i = 0; i < all.size(); ++i)
    if (i != 17) {
      INFO(i);
      REQUIRE_MESSAGE(all[i], std::string(all[i] ? "" : all[i].error().what()));
      CHECK(all[i].value() == 1);
    }
  REQUIRE_FALSE(all[17]);
  const cl::remote_error& error = all[17].error();
  CHECK(error.item() == 17);
  CHECK(error.attempt() == 1);
  CHECK(error.worker() == 1);
  CHECK_FALSE(error.node().empty());
  CHECK_FALSE(error.message().empty());
  const std::string line = "about to meet fate " + std::to_string(static_cast<int>(what));
  CHECK_MESSAGE(contains(error.output(), line), error.what());
  for (const auto& part : {std::string("item 17"), std::string("attempt 1"), error.node(), line})
    CHECK_MESSAGE(contains(error.what(), part), error.what());
  return error;
}

}  // namespace

TEST_CASE("a segfault costs its own item and tells where") {
  const auto error = lone_failure(fate::segfaults);
  CHECK(error.cause() == cl::cause::crashed);
  CHECK(error.type() == "SIGSEGV");
  CHECK_MESSAGE(contains(error.trace(), "write_to_nowhere"), error.trace());
}

TEST_CASE("an abort costs its own item and tells where") {
  const auto error = lone_failure(fate::aborts);
  CHECK(error.cause() == cl::cause::crashed);
  CHECK(error.type() == "SIGABRT");
  CHECK_MESSAGE(contains(error.trace(), "meet"), error.trace());
}

TEST_CASE("_Exit in an item costs its own item") {
  const auto error = lone_failure(fate::leaves_at_once);
  CHECK(error.cause() == cl::cause::exited);
  CHECK_MESSAGE(contains(error.message(), "3"), error.message());
}

TEST_CASE("exit in an item costs its own item, even with code 0") {
  const auto error = lone_failure(fate::leaves);
  CHECK(error.cause() == cl::cause::exited);
  CHECK_MESSAGE(contains(error.message(), "0"), error.message());
}

TEST_CASE("an item killed from outside is lost, not failed") {
  const auto error = lone_failure(fate::is_killed);
  CHECK(error.cause() == cl::cause::killed);
  CHECK(error.type() == "SIGKILL");
  CHECK(error.kind() == cl::error_kind::lost);
}

TEST_CASE("an item that hangs is ended after its timeout and tells where it was") {
  const auto error = lone_failure(fate::hangs, {.timeout = 500ms});
  CHECK(error.cause() == cl::cause::timed_out);
  CHECK_MESSAGE(contains(error.message(), "0.5 s"), error.message());
#if defined(__SANITIZE_THREAD__)
  MESSAGE("its stack is not looked for: ThreadSanitizer holds signals back while no call is made");
#else
  CHECK_MESSAGE(contains(error.trace(), "spin_for_ever"), error.trace());
#endif
}

TEST_CASE("an exception that leaves a thread costs its own item") {
  const auto error = lone_failure(fate::throws_in_thread);
  CHECK(error.cause() == cl::cause::crashed);
  CHECK(error.type() == "SIGABRT");
  CHECK_MESSAGE(contains(error.output(), "from a thread"), error.output());
}

TEST_CASE("a stack overflow costs its own item and is called by its name") {
  const auto error = lone_failure(fate::overflows_stack);
  CHECK(error.cause() == cl::cause::crashed);
  CHECK_MESSAGE(contains(error.message(), "stack overflow"), error.message());
  CHECK_MESSAGE(contains(error.trace(), "deeper"), error.trace());
}

TEST_CASE("an arithmetic fault costs its own item") {
  const auto error = lone_failure(fate::divides_by_zero);
  CHECK(error.cause() == cl::cause::crashed);
  CHECK(error.type() == "SIGFPE");
}

TEST_CASE("an argument above the limit is refused without running its item") {
  auto pool = make_pool(2);
  const std::vector<std::string> items = {"short", std::string(100'000, 'x'), "also short"};
  auto length = [](const std::string& s) { return s.size(); };

  const auto all = pool.pmap(length, items, {.max_item_bytes = 1000}).outcomes();

  CHECK(all[0].value() == 5);
  CHECK(all[2].value() == 10);
  REQUIRE_FALSE(all[1]);
  CHECK(all[1].error().cause() == cl::cause::too_large);
  CHECK_MESSAGE(contains(all[1].error().message(), "max_item_bytes"), all[1].error().message());
}

TEST_CASE("a result above the limit is refused") {
  auto pool = make_pool(2);
  auto grown = [](int n) { return std::string(static_cast<std::size_t>(n), 'x'); };

  const auto all = pool.pmap(grown, {5, 100'000, 10}, {.max_item_bytes = 1000}).outcomes();

  CHECK(all[0].value().size() == 5);
  CHECK(all[2].value().size() == 10);
  REQUIRE_FALSE(all[1]);
  CHECK(all[1].error().cause() == cl::cause::too_large);
}

TEST_CASE("a child process that crashes does not pass for its parent") {
  auto pool = make_pool(1);
  auto forks = [](int i) {
    const pid_t child = ::fork();
    if (child == 0) {
      if (i == 0) write_to_nowhere(1);
      std::_Exit(9);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (i == 2) ::kill(::getpid(), SIGKILL);
    return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
  };

  const auto all = pool.pmap(forks, 4, {.retries = {.lost = 0}, .items_per_task = 1}).outcomes();

  CHECK(all[0].value() == SIGSEGV);
  CHECK(all[1].value() == -9);
  CHECK(all[3].value() == -9);
  REQUIRE_FALSE(all[2]);
  CHECK(all[2].error().cause() == cl::cause::killed);
  CHECK(all[2].error().trace().empty());
}

TEST_CASE("many deaths in a row leave every other value intact") {
  auto pool = make_pool(3);
  auto sometimes = [](int i) {
    if (i % 10 == 3) write_to_nowhere(i);
    if (i % 10 == 7) std::_Exit(1);
    return i;
  };

  const auto all = pool.pmap(sometimes, 200).outcomes();

  for (int i = 0; i < 200; ++i) {
    const auto& outcome = all[static_cast<std::size_t>(i)];
    const bool dies = i % 10 == 3 || i % 10 == 7;
    REQUIRE(static_cast<bool>(outcome) == !dies);
    if (!dies)
      CHECK(outcome.value() == i);
    else
      CHECK(outcome.error().cause() == (i % 10 == 3 ? cl::cause::crashed : cl::cause::exited));
  }
}

TEST_CASE("a child that an item forks and that comes back does not answer for the item") {
  auto pool = make_pool(2);
  const auto forks = [](int i) {
    const pid_t child = ::fork();
    if (child == 0) {
      if (i % 3 == 0) throw std::runtime_error("exec failed");
      if (i % 3 == 1) cl::pmap([](int x) { return x; }, 3);
      return -1;
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -2;
  };

  const auto codes = pool.pmap(forks, 12, {.prints = false}).fetch();

  CHECK(codes == std::vector<int>(12, 120));
}
