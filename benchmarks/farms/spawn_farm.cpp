// SPDX-License-Identifier: MIT
// A process for each item, two at a time, started by posix_spawn: what a Makefile or a queue script
// does. The answer of an item is its exit code.  spawn_farm WORK n=…
#include <spawn.h>
#include <sys/wait.h>

#include "measure.hpp"

extern char** environ;

namespace {

constexpr long answers = 64;  // an exit code has 8 bits, and some are taken

pid_t start(long item) {
  std::string program = "spawn_farm", role = "item", number = "n=" + std::to_string(item % answers);
  char* words[] = {program.data(), role.data(), number.data(), nullptr};
  pid_t id = 0;
  if (posix_spawn(&id, "/proc/self/exe", nullptr, nullptr, words, environ) != 0) {
    bench::fail("posix_spawn");
  }
  return id;
}

/// The sum of all answers.
long map(long n) {
  long sum = 0, sent = 0;
  for (long got = 0; got < n; ++got) {
    while (sent < n && sent - got < 2)
      start(sent++);
    int status = 0;
    if (wait(&status) < 0 || !WIFEXITED(status)) bench::fail("an item was lost");
    sum += WEXITSTATUS(status);
  }
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  const bench::arguments given(argc, argv);
  const long n = given.get("n", 1000);
  if (given.work == "item") return static_cast<int>(n);
  if (given.work == "cold") {
    map(1);
    std::printf("1\n");
  } else if (given.work == "noop") {
    long expected = 0;
    for (long k = 0; k < n; ++k)
      expected += k % answers;
    const double begin = bench::now();
    const long sum = map(n);
    const double seconds = bench::now() - begin;
    bench::check(sum == expected, "noop");
    bench::print_per_item(seconds, n);
  } else if (given.work == "latency") {
    std::vector<double> seconds(static_cast<std::size_t>(n));
    for (double& trip : seconds) {
      const double begin = bench::now();
      map(1);
      trip = bench::now() - begin;
    }
    bench::print_latency(seconds);
  } else {
    bench::fail("no such work: " + given.work);
  }
}
