// SPDX-License-Identifier: MIT
// Large arguments, results and broadcasts, as std::vector and as cl::array. Every result is a new
// array and is read once by the client, every item reads a number of each page it is given.
#include <unistd.h>

#include <fstream>
#include <numeric>

#include "ours.hpp"

namespace bench {
namespace {

using vector = std::vector<double>;
using array = cl::array<double>;
constexpr std::size_t page_doubles = 512;
constexpr std::size_t mib = 1 << 20;

template <class Numbers>
Numbers filled(std::size_t n, double value) {
  Numbers numbers(n);
  std::fill(numbers.begin(), numbers.end(), value);
  return numbers;
}

template <class Numbers>
double touch(const Numbers& numbers) {
  double sum = 0;
  for (std::size_t k = 0; k < numbers.size(); k += page_doubles)
    sum += numbers[k];
  return sum;
}

/// A new array: the argument with its first number raised.
template <class Numbers>
Numbers raised(const Numbers& argument) {
  Numbers result = argument;
  result[0] += 1;
  return result;
}

template <class Numbers>
void measure_payload(const arguments& given) {
  const auto n = static_cast<std::size_t>(given.get("n", 64));
  const std::size_t doubles = static_cast<std::size_t>(given.get("mib", 8)) * mib / sizeof(double);
  const double bytes = 2.0 * static_cast<double>(n * doubles * sizeof(double));
  auto pool = two_workers();
  warm(pool);
  std::vector<Numbers> in;
  for (std::size_t k = 0; k < n; ++k)
    in.push_back(filled<Numbers>(doubles, 1));
  std::vector<double> rates;
  for (long round = 0; round < given.get("rounds", 3); ++round) {
    const double start = now();
    const std::vector<Numbers> out = pool.pmap(raised<Numbers>, in).fetch();
    double sum = 0;
    for (const Numbers& result : out)
      sum += touch(result);
    rates.push_back(bytes / (now() - start) / 1e9);
    check(sum == static_cast<double>(n * (doubles / page_doubles + 1)), "payload");
  }
  print_rounds(rates, "GB/s");
}

/// What an item saw of a broadcast, and how much its process's own memory had grown by then.
struct seen {
  double sum = 0;
  long process = 0;
  double private_mib = 0;
};

double private_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != "RssAnon:") continue;
    double kib = 0;
    status >> kib;
    return kib / 1024;
  }
  return 0;
}

template <class Numbers>
seen look(const int&, const cl::broadcast<Numbers>& shared) {
  static const double before = private_mib();
  seen now_seen;
  now_seen.sum = touch(*shared);
  now_seen.process = getpid();
  now_seen.private_mib = private_mib() - before;
  return now_seen;
}

/// Whole copies that the workers hold for themselves, beside the one of the node.
double copies_of_workers(const std::vector<seen>& items, double size_mib) {
  std::map<long, double> most;
  for (const seen& item : items) {
    most[item.process] = std::max(most[item.process], item.private_mib);
  }
  double sum = 0;
  for (const auto& [process, grown] : most)
    sum += grown;
  return sum / size_mib;
}

template <class Numbers>
void measure_broadcast(const arguments& given, const char* copies_key) {
  const int n = static_cast<int>(given.get("n", 16));
  const std::size_t doubles =
      static_cast<std::size_t>(given.get("mib", 256)) * mib / sizeof(double);
  auto pool = two_workers();
  warm(pool);
  std::vector<double> milliseconds;
  double copies = 0;
  for (long round = 0; round < given.get("rounds", 3); ++round) {
    const double value = static_cast<double>(round);
    auto numbers = filled<Numbers>(doubles, value);
    const double start = now();
    const auto shared = pool.broadcast(std::move(numbers));
    const std::vector<seen> items = pool.pmap(cl::bind(look<Numbers>, shared), n).fetch();
    milliseconds.push_back((now() - start) * 1e3);
    const double expected = value * static_cast<double>(doubles / page_doubles);
    for (const seen& item : items)
      check(item.sum == expected, "broadcast");
    copies = std::max(copies, copies_of_workers(items, static_cast<double>(given.get("mib", 256))));
  }
  print_rounds(milliseconds, "ms", copies_key, copies);
}

}  // namespace

void payload(const arguments& given) {
  measure_payload<vector>(given);
}
void payload_array(const arguments& given) {
  measure_payload<array>(given);
}

void broadcast(const arguments& given) {
  measure_broadcast<vector>(given, "decoded_copies");
}
void broadcast_array(const arguments& given) {
  measure_broadcast<array>(given, "private_copies");
}

}  // namespace bench
