// SPDX-License-Identifier: MIT
// Small messages: a table of tasks in shared memory, and one word to another process and back.
#include <immintrin.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>

#include "limits.hpp"

namespace bench {
namespace {

struct table {
  word claimed, posted, done;
  struct {
    std::int64_t item, result;
  } tasks[1];
};

void work_through(table& t, std::uint32_t n, std::uint32_t chunk) {
  for (;;) {
    const std::uint32_t first = t.claimed.value.fetch_add(chunk);
    if (first >= n) return;
    const std::uint32_t end = std::min(n, first + chunk);
    while (t.posted.value.load(std::memory_order_acquire) < end)
      _mm_pause();
    for (std::uint32_t k = first; k < end; ++k)
      t.tasks[k].result = t.tasks[k].item;
    t.done.value.fetch_add(end - first, std::memory_order_release);
  }
}

void pin(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  sched_setaffinity(0, sizeof set, &set);
}

/// `send(word, k)` and `await(word, k)` move the number k through a word.
template <class Send, class Await>
void round_trips(long n, bool pinned, Send send, Await await) {
  auto* words = reinterpret_cast<word*>(shared_memory(2 * sizeof(word)));
  const auto trips = static_cast<std::uint32_t>(n);
  const pid_t other = child([&] {
    if (pinned) pin(1);
    for (std::uint32_t k = 1; k <= trips; ++k) {
      await(words[0].value, k);
      send(words[1].value, k);
    }
  });
  if (pinned) pin(0);
  std::vector<double> seconds(trips);
  for (std::uint32_t k = 1; k <= trips; ++k) {
    const double start = now();
    send(words[0].value, k);
    await(words[1].value, k);
    seconds[k - 1] = now() - start;
  }
  reap(other);
  print_latency(seconds);
}

long futex(std::atomic<std::uint32_t>& at, int what, std::uint32_t value) {
  return syscall(SYS_futex, &at, what, value, nullptr, nullptr, 0);
}

}  // namespace

void task_table(const arguments& given) {
  const auto n = static_cast<std::uint32_t>(given.get("n", 100'000));
  const auto chunk = static_cast<std::uint32_t>(given.get("chunk", 256));
  auto& t = *reinterpret_cast<table*>(shared_memory(sizeof(table) + n * sizeof(table::tasks[0])));
  std::vector<pid_t> children;
  for (long k = 0; k < crew::size; ++k) {
    children.push_back(child([&] { work_through(t, n, chunk); }));
  }

  const double start = now();
  for (std::uint32_t k = 0; k < n; ++k) {
    t.tasks[k].item = k;
    if (k % 64 == 63) t.posted.value.store(k + 1, std::memory_order_release);
  }
  t.posted.value.store(n, std::memory_order_release);
  while (t.done.value.load(std::memory_order_acquire) < n)
    sched_yield();
  const double seconds = now() - start;

  for (std::uint32_t k = 0; k < n; ++k)
    check(t.tasks[k].result == k, "task table");
  for (const pid_t id : children)
    reap(id);
  print_per_item(seconds, n);
}

void spin_round_trip(const arguments& given) {
  round_trips(
      given.get("n", 10'000), true,
      [](auto& at, std::uint32_t k) { at.store(k, std::memory_order_release); },
      [](auto& at, std::uint32_t k) {
        while (at.load(std::memory_order_acquire) != k)
          _mm_pause();
      });
}

void futex_round_trip(const arguments& given) {
  round_trips(
      given.get("n", 10'000), false,
      [](auto& at, std::uint32_t k) {
        at.store(k);
        futex(at, FUTEX_WAKE, 1);
      },
      [](auto& at, std::uint32_t k) {
        for (std::uint32_t seen = at.load(); seen != k; seen = at.load()) {
          futex(at, FUTEX_WAIT, seen);
        }
      });
}

}  // namespace bench
