// SPDX-License-Identifier: MIT
#include "emulator/autoscale_value.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <map>
#include <numeric>

#include "emulator/times.hpp"

namespace clusterless::emulator {

namespace {

using kind = formula_value::kind;

double applied(const std::string& op, double a, double b) {
  if (op == "+") return a + b;
  if (op == "-") return a - b;
  if (op == "*") return a * b;
  if (op == "<") return a < b ? 1 : 0;
  if (op == "<=") return a <= b ? 1 : 0;
  if (op == ">") return a > b ? 1 : 0;
  if (op == ">=") return a >= b ? 1 : 0;
  if (op == "==") return a == b ? 1 : 0;
  if (op == "!=") return a != b ? 1 : 0;
  if (op == "&&") return a != 0 && b != 0 ? 1 : 0;
  if (op == "||") return a != 0 || b != 0 ? 1 : 0;
  if (b == 0) throw formula_error(false, "division by zero");
  return a / b;
}

bool compares(const std::string& op) {
  return op == "<" || op == "<=" || op == ">" || op == ">=" || op == "==" || op == "!=";
}

/// The kind of `a op b` for times and intervals.
kind kind_of_times(const std::string& op, kind a, kind b) {
  if (compares(op) && a == b) return kind::number;
  if (a == kind::time && b == kind::interval && (op == "+" || op == "-")) return kind::time;
  if (a == kind::interval && b == kind::time && op == "+") return kind::time;
  if (a == kind::time && b == kind::time && op == "-") return kind::interval;
  if (a == kind::interval && b == kind::interval && (op == "+" || op == "-")) return kind::interval;
  if (a == kind::interval && b == kind::number && (op == "*" || op == "/")) return kind::interval;
  if (a == kind::number && b == kind::interval && op == "*") return kind::interval;
  if (a == kind::interval && b == kind::interval && op == "/") return kind::number;
  throw formula_error(false, "the operator " + op + " does not take these times");
}

std::vector<double> flattened(const std::vector<formula_value>& arguments) {
  std::vector<double> all;
  for (const formula_value& each : arguments) {
    if (each.what == kind::list)
      all.insert(all.end(), each.list.begin(), each.list.end());
    else
      all.push_back(each.as_number());
  }
  return all;
}

double deviation(const std::vector<double>& all) {
  const double mean =
      std::accumulate(all.begin(), all.end(), 0.0) / static_cast<double>(all.size());
  double sum = 0;
  for (const double each : all)
    sum += (each - mean) * (each - mean);
  return std::sqrt(sum / static_cast<double>(all.size()));
}

using statistic = std::function<double(const std::vector<double>&)>;

const std::map<std::string, statistic>& statistics() {
  static const std::map<std::string, statistic> all{
      {"avg",
       [](const auto& v) {
         return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
       }},
      {"sum", [](const auto& v) { return std::accumulate(v.begin(), v.end(), 0.0); }},
      {"min", [](const auto& v) { return *std::min_element(v.begin(), v.end()); }},
      {"max", [](const auto& v) { return *std::max_element(v.begin(), v.end()); }},
      {"range",
       [](const auto& v) {
         const auto [least, most] = std::minmax_element(v.begin(), v.end());
         return *most - *least;
       }},
      {"std", deviation},
      {"norm",
       [](const auto& v) {
         return std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0));
       }},
  };
  return all;
}

const std::map<std::string, double (*)(double)>& functions() {
  static const std::map<std::string, double (*)(double)> all{
      {"lg", [](double x) { return std::log2(x); }},
      {"ln", [](double x) { return std::log(x); }},
      {"log", [](double x) { return std::log10(x); }},
      {"round", [](double x) { return std::round(x); }},
      {"floor", [](double x) { return std::floor(x); }},
      {"ceil", [](double x) { return std::ceil(x); }}};
  return all;
}

formula_value percentile(const std::vector<formula_value>& arguments) {
  if (arguments.size() != 2 || arguments[0].what != kind::list || arguments[0].list.empty())
    throw formula_error(false, "percentile(doubleVec, p) needs samples");
  std::vector<double> all = arguments[0].list;
  std::sort(all.begin(), all.end());
  const double part = std::clamp(arguments[1].as_number() / 100, 0.0, 1.0);
  const double at = part * static_cast<double>(all.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, all.size() - 1);
  return formula_value::of(all[below] + (at - std::floor(at)) * (all[above] - all[below]));
}

}  // namespace

double formula_value::as_number() const {
  if (what == kind::number) return number;
  if (what == kind::list && list.size() == 1) return list[0];
  throw formula_error(false, "a number is needed, and this is " + text());
}

std::string formula_value::text() const {
  char digits[64];
  switch (what) {
    case kind::word:
      return word;
    case kind::time:
      return iso_time(unix_epoch + static_cast<ticks>(std::clamp(number, 0.0, 2e11) * 1e7));
    case kind::interval:
      return iso_duration(static_cast<ticks>(std::clamp(number, 0.0, 2e11) * 1e7));
    case kind::number:
      std::snprintf(digits, sizeof digits, "%.15g", number);
      return digits;
    case kind::list:
      break;
  }
  std::string all = "{";
  for (const double each : list) {
    std::snprintf(digits, sizeof digits, "%.15g", each);
    all += (all.size() > 1 ? "," : "") + std::string(digits);
  }
  return all + '}';
}

formula_value combined(const std::string& op, const formula_value& a, const formula_value& b) {
  if (a.what == kind::word || b.what == kind::word) {
    if (a.what != b.what || (op != "==" && op != "!="))
      throw formula_error(false, "the operator " + op + " does not take texts");
    return formula_value::of((a.word == b.word) == (op == "==") ? 1 : 0);
  }
  if (a.what == kind::list || b.what == kind::list) {
    const std::size_t n = a.what == kind::list ? a.list.size() : b.list.size();
    if (a.what == b.what && a.list.size() != b.list.size())
      throw formula_error(false, "the operator " + op + " needs lists of one length");
    std::vector<double> made;
    for (std::size_t i = 0; i < n; ++i)
      made.push_back(applied(op, a.what == kind::list ? a.list[i] : a.as_number(),
                             b.what == kind::list ? b.list[i] : b.as_number()));
    return formula_value::of_list(std::move(made));
  }
  const kind made = a.what == kind::number && b.what == kind::number
                        ? kind::number
                        : kind_of_times(op, a.what, b.what);
  return {made, applied(op, a.number, b.number), {}, {}};
}

formula_value called(const std::string& name, const std::vector<formula_value>& arguments,
                     double now) {
  if (name == "time") {
    if (arguments.empty()) return {kind::time, now, {}, {}};
    const auto at = parse_iso_time(arguments[0].text());
    if (!at) throw formula_error(false, "time() takes a text such as \"2026-01-02T03:04:05Z\"");
    return {kind::time, static_cast<double>(*at - unix_epoch) / one_second, {}, {}};
  }
  if (name == "len") return formula_value::of(static_cast<double>(flattened(arguments).size()));
  if (name == "percentile") return percentile(arguments);
  if (name == "val") {
    if (arguments.size() != 2) throw formula_error(false, "val(doubleVec, i) takes two arguments");
    const double at = arguments[1].as_number();
    if (arguments[0].what != kind::list || !(at >= 0) ||
        at >= static_cast<double>(arguments[0].list.size()))
      throw formula_error(false, "val(): there is no such element");
    return formula_value::of(arguments[0].list[static_cast<std::size_t>(at)]);
  }
  if (const auto at = functions().find(name); at != functions().end()) {
    if (arguments.size() != 1) throw formula_error(false, name + "() takes one argument");
    return formula_value::of(at->second(arguments[0].as_number()));
  }
  const auto at = statistics().find(name);
  if (at == statistics().end()) throw formula_error(true, "unknown function " + name);
  const std::vector<double> all = flattened(arguments);
  if (all.empty()) throw formula_error(false, name + "() of no numbers");
  return formula_value::of(at->second(all));
}

}  // namespace clusterless::emulator
