// SPDX-License-Identifier: MIT
// Values of autoscale formulas: numbers, words, times, intervals, lists of numbers, and what is
// done with them. Whatever does not fit throws formula_error.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <vector>

namespace clusterless::emulator {

class formula_error : public std::exception {
 public:
  formula_error(bool syntax, std::string text) : syntax_(syntax), text_(std::move(text)) {}
  const char* what() const noexcept override { return text_.c_str(); }
  bool syntax() const noexcept { return syntax_; }

 private:
  bool syntax_;
  std::string text_;
};

struct formula_value {
  enum class kind : std::uint8_t { number, word, time, interval, list };
  kind what = kind::number;
  double number = 0;  ///< a number; a time or interval in seconds
  std::string word = {};
  std::vector<double> list = {};

  static formula_value of(double n) { return {kind::number, n, {}, {}}; }
  static formula_value of_list(std::vector<double> all) {
    return {kind::list, 0, {}, std::move(all)};
  }
  /// A number where one is needed; a list of one is one.
  double as_number() const;
  std::string text() const;
};

/// + - * / < <= > >= == != && ||
formula_value combined(const std::string& op, const formula_value& a, const formula_value& b);
/// avg, min, max, sum, … of all numbers of the arguments.
formula_value called(const std::string& name, const std::vector<formula_value>& arguments,
                     double now);

}  // namespace clusterless::emulator
