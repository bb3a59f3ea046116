// SPDX-License-Identifier: MIT
// The work of one shot, in plain aggregates: its record, and what it adds to the misfit and the
// gradient. Each function needs nothing but its arguments, so that it can be an item of a map;
// spreading the shots over nodes is left to main.cpp.
#pragma once

#include <span>
#include <vector>

#include "model.hpp"

namespace seismic {

/// What all shots of a survey share. Depths and steps are in nodes.
struct survey {
  double dt = 0;  ///< s
  int samples = 0;
  double frequency = 0;  ///< Hz, peak of the Ricker wavelet
  int source_depth = 1;
  int receiver_depth = 1;
  int receiver_step = 1;         ///< a receiver at every receiver_step-th column
  double frame_velocity = 2500;  ///< m/s, sets the strength of the absorbing frame
};

struct shot {
  int id = 0;
  int ix = 0;  ///< column of the source
};

/// Of one shot, or summed over several. The gradient is that of
/// 1/2 sum (modelled - observed)^2 by m = 1/velocity^2, nx x nz; illumination is the diagonal
/// approximation of the Hessian that goes with it, up to a factor.
struct gradient_result {
  double misfit = 0;
  std::vector<float> gradient;
  std::vector<float> illumination;
};

/// `count` shots spread evenly over the model's width, half a spacing from its sides.
std::vector<shot> spread_shots(int count, const velocity_model& model);

/// Receivers of each shot.
int receiver_count(const survey& s, const velocity_model& model);

/// A time step, s, at 0.9 of the stable limit of max_velocity.
double time_step_for(double dx, double max_velocity);

/// Throws std::invalid_argument that names the value and its limit when the time step is unstable
/// at max_velocity or the grid too coarse for the frequency at the model's lowest velocity.
void check_survey(const survey& s, const velocity_model& model, double max_velocity);

/// The record of one shot: samples x receivers pressures, the receiver index fast.
std::vector<float> model_shot(const shot& item, const survey& s, const velocity_model& model);

/// Misfit, gradient and illumination of one shot whose record was `observed`. Throws
/// std::invalid_argument when that is not of the size model_shot gives.
gradient_result shot_gradient(const shot& item, const survey& s, const velocity_model& model,
                              std::span<const float> observed);

/// Sum of two results; either may be empty. Associative.
gradient_result add(gradient_result a, const gradient_result& b);

/// Bytes a worker needs for one shot_gradient.
double gradient_memory_bytes(const survey& s, const velocity_model& model);

}  // namespace seismic
