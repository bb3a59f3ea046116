// SPDX-License-Identifier: MIT
// Full-waveform inversion: finds the model whose records match the observed ones, by L-BFGS on the
// squared slowness. It promises a model within the given velocities that fits better after each
// iteration, with the water untouched; computing the misfit and its gradient over all shots is the
// caller's.
#pragma once

#include <functional>
#include <vector>

#include "lbfgs.hpp"
#include "model.hpp"
#include "survey.hpp"

namespace seismic {

struct inversion_options {
  int iterations = 10;
  int fixed_rows = 0;  ///< rows from the top that are known, the water
  double min_velocity = 1000;
  double max_velocity = 5000;
};

struct inversion_result {
  velocity_model model;
  std::vector<double> misfits;  ///< of the start and after each iteration
  int evaluations = 0;          ///< of the gradient over all shots, the first included
  gradient_result first;        ///< at the starting model
};

/// Misfit and gradient summed over all shots at a model.
using gradient_over_shots = std::function<gradient_result(const velocity_model&)>;

/// Called after each iteration with its number and misfit.
using inversion_observer = std::function<void(int, double)>;

inversion_result invert(const velocity_model& start, const gradient_over_shots& evaluate,
                        const inversion_options& options, const inversion_observer& observer = {});

}  // namespace seismic
