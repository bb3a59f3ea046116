// SPDX-License-Identifier: MIT
// Minimises a smooth function within bounds: limited-memory BFGS (Nocedal and Wright, Numerical
// Optimization, algorithm 7.4) with a diagonal preconditioner and a backtracking line search. It
// promises that the value falls at each iteration, and calls the function as rarely as it can,
// since one call is a map over all shots.
#pragma once

#include <functional>
#include <vector>

namespace seismic {

struct evaluation {
  double value = 0;
  std::vector<double> gradient;
};
using objective = std::function<evaluation(const std::vector<double>&)>;

struct lbfgs_options {
  int iterations = 10;
  int memory = 6;            ///< pairs of steps and gradient changes kept
  double first_step = 0.05;  ///< largest relative change of a variable in the first iteration
  int max_trials = 8;        ///< calls of the objective in one line search
  std::vector<double> lower;
  std::vector<double> upper;
  std::vector<double> preconditioner;  ///< positive; approximates the inverse Hessian's diagonal
};

struct lbfgs_result {
  std::vector<double> x;
  std::vector<double> values;  ///< at the start and after each iteration
  int evaluations = 0;
};

/// Called after each iteration with its number (from 1), the value and x.
using lbfgs_observer = std::function<void(int, double, const std::vector<double>&)>;

/// Starts from x, all of it positive, whose evaluation is `at_start`. Stops early when no step
/// lowers the value.
lbfgs_result minimise(const objective& f, std::vector<double> x, evaluation at_start,
                      const lbfgs_options& options, const lbfgs_observer& observer = {});

}  // namespace seismic
