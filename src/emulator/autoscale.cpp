// SPDX-License-Identifier: MIT
#include "emulator/autoscale.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "emulator/autoscale_value.hpp"

namespace clusterless::emulator {

namespace {

using kind = formula_value::kind;
constexpr int deepest_formula = 100;
constexpr int most_nodes = 1'000'000;

const std::map<std::string, double>& intervals() {
  static const std::map<std::string, double> all{
      {"TimeInterval_Zero", 0},           {"TimeInterval_100ns", 1e-7},
      {"TimeInterval_Microsecond", 1e-6}, {"TimeInterval_Millisecond", 1e-3},
      {"TimeInterval_Second", 1},         {"TimeInterval_Minute", 60},
      {"TimeInterval_Hour", 3600},        {"TimeInterval_Day", 86400},
      {"TimeInterval_Week", 604800},      {"TimeInterval_Year", 31536000}};
  return all;
}

class interpreter {
 public:
  interpreter(std::string_view text, const autoscale_inputs& in) : text_(text), in_(in) {
    for (const auto& [name, value] : in.variables)
      variables_[name] = formula_value::of(value);
  }

  void all() {
    skip();
    while (!text_.empty()) {
      statement();
      skip();
    }
  }

  const std::map<std::string, formula_value>& variables() const { return variables_; }
  const std::vector<std::string>& assigned() const { return assigned_; }

 private:
  [[noreturn]] void syntax(const std::string& why) const {
    throw formula_error(true,
                        why + (text_.empty() ? std::string(" at the end")
                                             : " at '" + std::string(text_.substr(0, 20)) + "'"));
  }
  void skip() {
    for (;;) {
      while (!text_.empty() && std::isspace(static_cast<unsigned char>(text_[0])) != 0)
        text_.remove_prefix(1);
      if (text_.substr(0, 2) == "//") {
        text_.remove_prefix(std::min(text_.find('\n'), text_.size()));
      } else if (text_.substr(0, 2) == "/*") {
        const auto end = text_.find("*/", 2);
        text_.remove_prefix(end == std::string_view::npos ? text_.size() : end + 2);
      } else {
        return;
      }
    }
  }
  bool accept(std::string_view token) {
    skip();
    if (!text_.starts_with(token)) return false;
    text_.remove_prefix(token.size());
    return true;
  }
  void expect(std::string_view token) {
    if (!accept(token)) syntax("'" + std::string(token) + "' expected");
  }
  std::string name() {
    skip();
    std::size_t n = !text_.empty() && text_[0] == '$' ? 1 : 0;
    while (n < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[n])) != 0 || text_[n] == '_'))
      ++n;
    std::string made(text_.substr(0, n));
    text_.remove_prefix(n);
    return made;
  }

  void statement() {
    const std::string target = name();
    if (target.empty() || target == "$") syntax("a variable expected");
    expect("=");
    variables_[target] = expression();
    if (std::find(assigned_.begin(), assigned_.end(), target) == assigned_.end())
      assigned_.push_back(target);
    if (!accept(";")) {
      skip();
      if (!text_.empty()) syntax("';' expected");
    }
  }

  formula_value expression() {
    if (++depth_ > deepest_formula) syntax("too deeply nested");
    formula_value made = level(0);
    if (accept("?")) {
      const bool first = !idle_ && made.as_number() != 0;
      const formula_value yes = branch(first);
      expect(":");
      const formula_value no = branch(!first);
      made = first ? yes : no;
    }
    --depth_;
    return made;
  }
  /// A branch that is not taken may have no value: samples that are not there yet, say.
  formula_value branch(bool taken) {
    const bool before = std::exchange(idle_, idle_ || !taken);
    formula_value made = expression();
    idle_ = before;
    return made;
  }
  /// What `compute` gives; nothing is computed in a branch that is not taken.
  template <class Compute>
  formula_value computed(Compute&& compute) const {
    return idle_ ? formula_value() : compute();
  }
  formula_value level(std::size_t at) {
    static const std::vector<std::vector<std::string>> operators{
        {"||"}, {"&&"}, {"==", "!="}, {"<=", ">=", "<", ">"}, {"+", "-"}, {"*", "/"}};
    if (at == operators.size()) return unary();
    formula_value made = level(at + 1);
    for (bool found = true; found;) {
      found = false;
      for (const std::string& op : operators[at])
        if (!found && accept(op)) {
          const formula_value right = level(at + 1);
          made = computed([&] { return combined(op, made, right); });
          found = true;
        }
    }
    return made;
  }
  formula_value unary() {
    if (++depth_ > deepest_formula) syntax("too deeply nested");
    formula_value made;
    if (accept("!")) {
      const formula_value inner = unary();
      made = computed([&] { return formula_value::of(inner.as_number() == 0 ? 1 : 0); });
    } else if (accept("-")) {
      const formula_value inner = unary();
      made = computed([&] { return combined("*", formula_value::of(-1), inner); });
    } else {
      made = primary();
    }
    --depth_;
    return made;
  }
  std::vector<formula_value> arguments(const char* end) {
    std::vector<formula_value> all;
    if (accept(end)) return all;
    do
      all.push_back(expression());
    while (accept(","));
    expect(end);
    return all;
  }
  formula_value primary() {
    skip();
    if (text_.empty()) syntax("a value expected");
    const char c = text_[0];
    if (accept("(")) {
      formula_value inner = expression();
      expect(")");
      return inner;
    }
    if (accept("{")) {
      std::vector<double> all;
      for (const formula_value& each : arguments("}"))
        all.push_back(each.as_number());
      return formula_value::of_list(std::move(all));
    }
    if (c == '"') return quoted();
    if (std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '.') return number();
    return named();
  }
  formula_value quoted() {
    text_.remove_prefix(1);
    const auto end = text_.find('"');
    if (end == std::string_view::npos) syntax("a text is not closed");
    formula_value made{kind::word, 0, std::string(text_.substr(0, end)), {}};
    text_.remove_prefix(end + 1);
    return made;
  }
  formula_value number() {
    std::size_t n = 0;
    while (n < text_.size() && n < 40 &&
           (std::isdigit(static_cast<unsigned char>(text_[n])) != 0 || text_[n] == '.'))
      ++n;
    const std::string digits(text_.substr(0, n));
    char* end = nullptr;
    const double value = std::strtod(digits.c_str(), &end);
    if (end != digits.c_str() + digits.size()) syntax("a number expected");
    text_.remove_prefix(n);
    return formula_value::of(value);
  }
  formula_value named() {
    const std::string word = name();
    if (word.empty() || word == "$") syntax("a value expected");
    if (accept("(")) {
      const std::vector<formula_value> given = arguments(")");
      return computed([&] { return called(word, given, in_.now); });
    }
    if (accept(".")) return method(word);
    if (const auto at = intervals().find(word); at != intervals().end())
      return {kind::interval, at->second, {}, {}};
    if (const auto at = variables_.find(word); at != variables_.end()) return at->second;
    if (sampled(word))
      return formula_value::of(in_.samples->empty() ? 0 : in_.samples->back().at(word));
    for (const char* option : {"requeue", "terminate", "taskcompletion", "retaineddata"})
      if (word == option) return {kind::word, 0, word, {}};
    throw formula_error(true, "unknown variable " + word);
  }
  bool sampled(const std::string& word) const {
    static const std::vector<std::string> all{"$ActiveTasks",       "$RunningTasks",
                                              "$PendingTasks",      "$SucceededTasks",
                                              "$FailedTasks",       "$CurrentDedicatedNodes",
                                              "$UsableNodeCount",   "$CurrentLowPriorityNodes",
                                              "$PreemptedNodeCount"};
    return in_.samples != nullptr && std::find(all.begin(), all.end(), word) != all.end();
  }

  /// Seconds since 1970 of a time, or of an interval before now.
  double moment(const formula_value& of) const {
    if (of.what == kind::time) return of.number;
    if (of.what == kind::interval) return in_.now - of.number;
    throw formula_error(false, "a time or interval is needed, and this is " + of.text());
  }
  std::vector<double> between(const std::string& word, double from, double to) const {
    std::vector<double> all;
    for (const auto& each : *in_.samples)
      if (each.at("$time") >= from && each.at("$time") <= to) all.push_back(each.at(word));
    return all;
  }
  double percent(std::size_t have, double from, double to) const {
    const double wanted = std::max(1.0, std::floor((to - from) / in_.sample_seconds));
    return std::min(100.0, 100 * static_cast<double>(have) / wanted);
  }
  formula_value method(const std::string& word) {
    const std::string what = name();
    if (!sampled(word)) throw formula_error(true, word + " has no samples");
    expect("(");
    const std::vector<formula_value> given = arguments(")");
    return computed([&] { return method_value(word, what, given); });
  }
  formula_value method_value(const std::string& word, const std::string& what,
                             const std::vector<formula_value>& given) const {
    if (what == "Count") return formula_value::of(static_cast<double>(in_.samples->size()));
    if (what == "GetSamplePeriod") return {kind::interval, in_.sample_seconds, {}, {}};
    if (what == "HistoryBeginTime")
      return {
          kind::time, in_.samples->empty() ? in_.now : in_.samples->front().at("$time"), {}, {}};
    if (given.empty()) throw formula_error(true, what + " needs arguments");
    if (what == "GetSamplePercent") {
      const double from = moment(given[0]);
      const double to = given.size() > 1 ? moment(given[1]) : in_.now;
      return formula_value::of(percent(between(word, from, to).size(), from, to));
    }
    if (what != "GetSample") throw formula_error(true, "unknown method " + what);
    return samples(word, given);
  }
  formula_value samples(const std::string& word, const std::vector<formula_value>& given) const {
    if (given[0].what == kind::number) {
      std::vector<double> all = between(word, 0, in_.now);
      const double wanted = std::clamp(given[0].number, 0.0, 1e6);
      if (static_cast<double>(all.size()) < wanted)
        throw formula_error(false, "there are fewer samples of " + word + " than asked for");
      return formula_value::of_list({all.end() - static_cast<std::ptrdiff_t>(wanted), all.end()});
    }
    const bool has_end = given.size() > 1 && given[1].what != kind::number;
    const double from = moment(given[0]);
    const double to = has_end ? moment(given[1]) : in_.now;
    const std::size_t last = has_end ? 2 : 1;
    std::vector<double> all = between(word, from, to);
    if (given.size() > last && percent(all.size(), from, to) < given[last].as_number())
      throw formula_error(false, "there are fewer samples of " + word + " than asked for");
    return formula_value::of_list(std::move(all));
  }

  std::string_view text_;
  const autoscale_inputs& in_;
  std::map<std::string, formula_value> variables_;
  std::vector<std::string> assigned_;
  int depth_ = 0;
  bool idle_ = false;
};

int nodes_of(const formula_value& value, const char* name) {
  const double number = value.as_number();
  if (!(number >= -most_nodes && number <= most_nodes))
    throw formula_error(false, std::string(name) + " is out of range");
  return std::max(0, static_cast<int>(number));
}

}  // namespace

autoscale_outcome run_autoscale(const std::string& formula, const autoscale_inputs& in) {
  autoscale_outcome out;
  try {
    interpreter run(formula, in);
    run.all();
    const auto value = [&](const char* name) {
      const auto at = run.variables().find(name);
      return at == run.variables().end() ? formula_value() : at->second;
    };
    out.dedicated = nodes_of(value("$TargetDedicatedNodes"), "$TargetDedicatedNodes");
    out.spot = nodes_of(value("$TargetLowPriorityNodes"), "$TargetLowPriorityNodes");
    const formula_value option = value("$NodeDeallocationOption");
    if (option.what == kind::word) out.option = option.word;
    out.results = "$TargetDedicatedNodes=" + std::to_string(out.dedicated) +
                  ";$TargetLowPriorityNodes=" + std::to_string(out.spot) +
                  ";$NodeDeallocationOption=" + out.option;
    for (const std::string& name : run.assigned())
      if (name[0] != '$') out.results += ';' + name + '=' + value(name.c_str()).text();
  } catch (const formula_error& caught) {
    out.error_code =
        caught.syntax() ? "AutoScalingFormulaSyntaxError" : "AutoScalingFormulaEvaluationError";
    out.error = caught.what();
  }
  return out;
}

}  // namespace clusterless::emulator
