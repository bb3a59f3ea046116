// SPDX-License-Identifier: MIT
// What every C++ program of the benchmark shares: a clock, `WORK key=value…` arguments, and figures
// printed as one line of JSON each. It leaves repeating, comparing and judging to the harness.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

namespace bench {

/// Seconds of a clock that only moves forward.
inline double now() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(since).count();
}

/// Prints why there is no figure and ends the program.
[[noreturn]] inline void fail(const std::string& why) {
  std::printf("{\"failed\": \"%s\"}\n", why.c_str());
  std::fflush(stdout);
  std::exit(1);
}

inline void check(bool held, const char* what) {
  if (!held) fail(std::string("wrong result: ") + what);
}

/// `program WORK key=value…`; every value is a whole number.
struct arguments {
  std::string work;
  std::map<std::string, long> numbers;

  arguments(int argc, char** argv) {
    if (argc > 1) work = argv[1];
    for (int k = 2; k < argc; ++k) {
      const std::string word = argv[k];
      const auto equals = word.find('=');
      if (equals == std::string::npos) fail("not key=value: " + word);
      numbers[word.substr(0, equals)] = std::atol(word.c_str() + equals + 1);
    }
  }
  long get(const std::string& key, long otherwise) const {
    const auto found = numbers.find(key);
    return found == numbers.end() ? otherwise : found->second;
  }
};

/// One figure: a value in the unit of its work, and whatever else is worth keeping beside it.
class figure {
 public:
  figure(double value, const std::string& unit) {
    with("value", value);
    text_ += ", \"unit\": \"" + unit + "\"";
  }
  figure& with(const std::string& key, double value) {
    char number[40];
    std::snprintf(number, sizeof number, "%.6g", value);
    text_ += (text_.empty() ? "\"" : ", \"") + key + "\": " + number;
    return *this;
  }
  void print() const {
    std::printf("{%s}\n", text_.c_str());
    std::fflush(stdout);
  }

 private:
  std::string text_;
};

/// The value below which the share `part` (0…1) of the samples lies; sorts them.
inline double quantile(std::vector<double>& samples, double part) {
  std::sort(samples.begin(), samples.end());
  const auto last = static_cast<double>(samples.size() - 1);
  return samples[static_cast<std::size_t>(part * last + 0.5)];
}

/// The figure of one-at-a-time round trips, from seconds each.
inline void print_latency(std::vector<double>& seconds) {
  const double median = quantile(seconds, 0.5) * 1e6;
  figure(median, "us")
      .with("p99", quantile(seconds, 0.99) * 1e6)
      .with("n", static_cast<double>(seconds.size()))
      .print();
}

inline void print_per_item(double seconds, long n) {
  const auto items = static_cast<double>(n);
  figure(seconds / items * 1e6, "us/item").with("n", items).print();
}

/// The figure of rounds of the same work: the median of the later ones. The first pays for pages
/// and mappings that later ones find, so it is told apart; so is one more number, if it has a name.
inline void print_rounds(std::vector<double>& rounds, const std::string& unit,
                         const std::string& also = {}, double number = 0) {
  const double first = rounds.front();
  if (rounds.size() > 1) rounds.erase(rounds.begin());
  figure made(quantile(rounds, 0.5), unit);
  made.with("first_round", first);
  if (!also.empty()) made.with(also, number);
  made.print();
}

/// `bytes` counts what went in and what came out.
inline void print_rate(double seconds, double bytes, long n) {
  figure(bytes / seconds / 1e9, "GB/s").with("n", static_cast<double>(n)).print();
}

}  // namespace bench
