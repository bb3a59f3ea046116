// SPDX-License-Identifier: MIT
// Nested maps, an item that crashes, and what waiting costs.
#include <chrono>
#include <csignal>
#include <thread>

#include "ours.hpp"

namespace bench {
namespace {

int rest(const int& milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  return 1;
}

std::vector<int> four_rests(const int& milliseconds) {
  return cl::pmap(rest, std::vector<int>(4, milliseconds));
}

/// One millisecond; a negative item dies of a segmentation fault.
int rest_or_crash(const int& item) {
  if (item < 0) std::raise(SIGSEGV);
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return item;
}

}  // namespace

void nested(const arguments&) {
  cl::pool_options options;
  options.engine = "local";
  options.pools = 2;
  options.nodes = 4;
  options.nodes_per_task = 4;
  options.procs_per_node = 1;
  auto pool = cl::create_pool(options);
  const std::vector<int> twice(2, 50);
  for (int k = 0; k < 3; ++k)
    pool.pmap(four_rests, twice).fetch();
  const double start = now();
  const auto ones = pool.pmap(four_rests, twice).fetch();
  const double seconds = now() - start;
  check(ones == std::vector<std::vector<int>>(2, std::vector<int>(4, 1)), "nested");
  figure(seconds * 1e3, "ms").print();
}

void crash(const arguments& given) {
  const int n = static_cast<int>(given.get("n", 1000));
  auto pool = two_workers();
  warm(pool);
  double start = now();
  const std::vector<int> all = pool.pmap(rest_or_crash, n).fetch();
  const double clean = now() - start;
  check(static_cast<int>(all.size()) == n, "clean run");

  std::vector<int> deadly(all);
  deadly[deadly.size() / 2] = -1;
  start = now();
  const auto outcomes = pool.pmap(rest_or_crash, deadly).outcomes();
  const double seconds = now() - start;
  int values = 0;
  for (const auto& outcome : outcomes) {
    if (outcome) ++values;
  }
  check(values == n - 1, "values left after a crash");
  figure(seconds / clean, "x clean").with("n", n).with("clean_ms", clean * 1e3).print();
}

void idle(const arguments&) {
  auto pool = two_workers();
  warm(pool);
  std::printf("{\"ready\": true}\n");
  std::fflush(stdout);
  pool.run(rest, 3000).fetch();
}

}  // namespace bench
