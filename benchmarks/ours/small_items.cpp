// SPDX-License-Identifier: MIT
// Items that do nothing: what a map, a round trip, a lazy map and a durable job cost an item.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <ranges>

#include "ours.hpp"

namespace bench {
namespace {

long same(const long& item) {
  return item;
}

/// A line of /proc/self/status that is in KiB.
long status_kib(const char* wanted) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != wanted) continue;
    long kib = 0;
    status >> kib;
    return kib;
  }
  return 0;
}

/// Highest resident memory of this process so far, in MiB.
double peak_rss_mib() {
  return static_cast<double>(status_kib("VmHWM:")) / 1024;
}

/// Memory of this process that it shares with none.
long own_kib(const long&) {
  return status_kib("RssAnon:");
}

double files_under(const char* folder) {
  namespace fs = std::filesystem;
  double files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) ++files;
  }
  return files;
}

void check_in_order(const std::vector<long>& values, long n) {
  check(static_cast<long>(values.size()) == n, "number of values");
  for (long k = 0; k < n; ++k)
    check(values[static_cast<std::size_t>(k)] == k, "a value");
}

}  // namespace

void warm(cl::pool& pool) {
  const std::vector<long> values = pool.pmap(same, 4L).fetch();
  check_in_order(values, 4);
}

void noop(const arguments& given) {
  const long n = given.get("n", 100'000);
  auto pool = two_workers();
  warm(pool);
  const double start = now();
  const std::vector<long> values = pool.pmap(same, n).fetch();
  const double seconds = now() - start;
  check_in_order(values, n);
  print_per_item(seconds, n);
}

void latency(const arguments& given) {
  auto pool = two_workers();
  warm(pool);
  std::vector<double> seconds(static_cast<std::size_t>(given.get("n", 10'000)));
  long item = 0;
  for (double& trip : seconds) {
    const double start = now();
    const long value = pool.run(same, item).fetch(0);
    trip = now() - start;
    check(value == item++, "latency");
  }
  print_latency(seconds);
}

void lazy(const arguments& given) {
  const long n = given.get("n", 1'000'000);
  auto pool = two_workers();
  warm(pool);
  const double start = now();
  const long total = pool.pmap(same, std::views::iota(0L, n)).reduce(0L, std::plus<long>());
  const double seconds = now() - start;
  check(total == n * (n - 1) / 2, "lazy");
  const auto items = static_cast<double>(n);
  figure(seconds / items * 1e6, "us/item")
      .with("n", items)
      .with("peak_rss_mib", peak_rss_mib())
      .print();
}

void growth(const arguments& given) {
  const long n = given.get("n", 1'000'000);
  const long workers = given.get("workers", 2);
  auto pool = lone_nodes(static_cast<int>(workers));
  const double begin = now();
  // One item a task: every node gets one before any gets another.
  const auto memory = pool.pmap(own_kib, workers, {.items_per_task = 1}).fetch();
  const double started = now();
  warm(pool);
  const double start = now();
  const std::vector<long> values = pool.pmap(same, n).fetch();
  const double seconds = now() - start;
  check_in_order(values, n);
  figure(seconds / static_cast<double>(n) * 1e6, "us/item")
      .with("start_ms", (started - begin) * 1e3)
      .with("client_peak_mib", peak_rss_mib())
      .with("worker_own_mib",
            static_cast<double>(*std::max_element(memory.begin(), memory.end())) / 1024)
      .print();
}

void durable(const arguments& given) {
  const long n = given.get("n", 100'000);
  const char* store = std::getenv("CLUSTERLESS_STORE");
  if (store == nullptr) fail("set CLUSTERLESS_STORE to an empty directory");
  auto pool = two_workers();
  warm(pool);
  cl::map_options options;
  options.name = "bench-" + std::to_string(getpid());
  const double start = now();
  auto job = pool.pmap(same, n, options);
  const std::vector<long> values = job.fetch();
  const double seconds = now() - start;
  check_in_order(values, n);
  const auto items = static_cast<double>(n);
  figure(seconds / items * 1e6, "us/item")
      .with("n", items)
      .with("files", files_under(store))
      .print();
  job.destroy();
}

}  // namespace bench
