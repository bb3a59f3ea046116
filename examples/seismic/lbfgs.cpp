// SPDX-License-Identifier: MIT
#include "lbfgs.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <optional>
#include <utility>

namespace seismic {
namespace {

using vector = std::vector<double>;

struct pair_of_changes {
  vector step;
  vector gradient;
  double curvature = 0;  // their dot product
};

double dot(const vector& a, const vector& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += a[i] * b[i];
  return sum;
}

void add_scaled(vector& a, double factor, const vector& b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    a[i] += factor * b[i];
}

vector difference(const vector& a, const vector& b) {
  vector d = a;
  add_scaled(d, -1, b);
  return d;
}

// The two-loop recursion, with the preconditioner scaled to the newest curvature between the loops.
vector descent_direction(const vector& gradient, const std::deque<pair_of_changes>& history,
                         const vector& preconditioner) {
  vector d = gradient;
  std::vector<double> weights(history.size());
  for (std::size_t k = history.size(); k-- > 0;) {
    weights[k] = dot(history[k].step, d) / history[k].curvature;
    add_scaled(d, -weights[k], history[k].gradient);
  }
  double scale = 1;
  if (!history.empty()) {
    const pair_of_changes& newest = history.back();
    vector scaled = newest.gradient;
    for (std::size_t i = 0; i < scaled.size(); ++i)
      scaled[i] *= preconditioner[i];
    scale = newest.curvature / dot(newest.gradient, scaled);
  }
  for (std::size_t i = 0; i < d.size(); ++i)
    d[i] *= scale * preconditioner[i];
  for (std::size_t k = 0; k < history.size(); ++k) {
    const double correction = dot(history[k].gradient, d) / history[k].curvature;
    add_scaled(d, weights[k] - correction, history[k].step);
  }
  for (double& value : d)
    value = -value;
  return d;
}

struct accepted_step {
  vector x;
  evaluation at;
};

// Halves (or interpolates) the step until the value falls enough (Armijo's condition, 1e-4).
std::optional<accepted_step> search_line(const objective& f, const vector& x, const evaluation& at,
                                         const vector& direction, double step,
                                         const lbfgs_options& options, int& evaluations) {
  for (int trial = 0; trial < options.max_trials; ++trial) {
    vector next = x;
    for (std::size_t i = 0; i < x.size(); ++i) {
      next[i] = std::clamp(x[i] + step * direction[i], options.lower[i], options.upper[i]);
    }
    const double slope = dot(at.gradient, difference(next, x));
    if (slope >= 0) return std::nullopt;
    evaluation there = f(next);
    ++evaluations;
    if (there.value <= at.value + 1e-4 * slope)
      return accepted_step{std::move(next), std::move(there)};
    const double excess = there.value - at.value - slope;
    step *= std::clamp(-slope / (2 * excess), 0.1, 0.5);
  }
  return std::nullopt;
}

}  // namespace

lbfgs_result minimise(const objective& f, std::vector<double> x, evaluation at_start,
                      const lbfgs_options& options, const lbfgs_observer& observer) {
  lbfgs_result result{{}, {at_start.value}, 0};
  std::deque<pair_of_changes> history;
  evaluation at = std::move(at_start);
  for (int iteration = 1; iteration <= options.iterations; ++iteration) {
    const vector direction = descent_direction(at.gradient, history, options.preconditioner);
    double step = 1;
    if (history.empty()) {
      double largest = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        largest = std::max(largest, std::abs(direction[i]) / x[i]);
      }
      if (largest == 0) break;
      step = options.first_step / largest;
    }
    auto accepted = search_line(f, x, at, direction, step, options, result.evaluations);
    if (!accepted && history.empty()) break;
    if (!accepted) {
      history.clear();  // the model of the curvature misled; start again from the gradient
      --iteration;
      continue;
    }
    pair_of_changes change{difference(accepted->x, x),
                           difference(accepted->at.gradient, at.gradient)};
    change.curvature = dot(change.step, change.gradient);
    if (change.curvature > 0) history.push_back(std::move(change));
    if (static_cast<int>(history.size()) > options.memory) history.pop_front();
    x = std::move(accepted->x);
    at = std::move(accepted->at);
    result.values.push_back(at.value);
    if (observer) observer(iteration, at.value, x);
  }
  result.x = std::move(x);
  return result;
}

}  // namespace seismic
