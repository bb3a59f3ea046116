// SPDX-License-Identifier: MIT
#include "survey.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string>

#include "simulation.hpp"
#include "wavelet.hpp"

namespace seismic {
namespace {

constexpr int order = 8;

std::string rounded(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

absorbing_frame frame_of(const survey& s) {
  return {.velocity = s.frame_velocity};
}

medium<float> prepared(const survey& s, const velocity_model& model) {
  std::vector<float> slowness2(model.velocity.size());
  std::transform(model.velocity.begin(), model.velocity.end(), slowness2.begin(),
                 [](float v) { return 1.0F / (v * v); });
  return make_medium(std::move(slowness2), model.nx, model.nz, model.dx, s.dt, frame_of(s));
}

acquisition<float> acquisition_of(const shot& item, const survey& s, const velocity_model& model) {
  acquisition<float> a;
  a.source = {item.ix, s.source_depth};
  for (int ix = 0; ix < model.nx; ix += s.receiver_step) {
    a.receivers.push_back({ix, s.receiver_depth});
  }
  a.wavelet = ricker_wavelet<float>(s.frequency, s.dt, s.samples);
  return a;
}

}  // namespace

std::vector<shot> spread_shots(int count, const velocity_model& model) {
  std::vector<shot> shots;
  for (int k = 0; k < count; ++k) {
    shots.push_back({k, static_cast<int>((k + 0.5) * model.nx / count)});
  }
  return shots;
}

int receiver_count(const survey& s, const velocity_model& model) {
  return (model.nx - 1) / s.receiver_step + 1;
}

double time_step_for(double dx, double max_velocity) {
  return 0.9 * max_time_step(order, dx, max_velocity);
}

void check_survey(const survey& s, const velocity_model& model, double max_velocity) {
  const double step_limit = max_time_step(order, model.dx, max_velocity);
  if (!(s.dt > 0 && s.dt <= step_limit)) {
    throw std::invalid_argument("a time step of " + rounded(s.dt * 1e3) + " ms is unstable: at " +
                                rounded(max_velocity) + " m/s on a grid of " + rounded(model.dx) +
                                " m the limit (CFL) is " + rounded(step_limit * 1e3) + " ms");
  }
  const double slowest = *std::min_element(model.velocity.begin(), model.velocity.end());
  const double frequency_limit = max_peak_frequency(model.dx, slowest);
  if (!(s.frequency > 0 && s.frequency <= frequency_limit)) {
    throw std::invalid_argument("a peak frequency of " + rounded(s.frequency) +
                                " Hz is too high for a grid of " + rounded(model.dx) + " m: at " +
                                rounded(slowest) + " m/s the limit is " + rounded(frequency_limit) +
                                " Hz (four nodes for the shortest wavelength)");
  }
  if (s.samples < 2) throw std::invalid_argument("a record needs at least 2 time samples");
  if (s.receiver_step < 1) throw std::invalid_argument("the receiver step must be at least 1 node");
}

std::vector<float> model_shot(const shot& item, const survey& s, const velocity_model& model) {
  const medium<float> m = prepared(s, model);
  return simulation<float, order>(m, acquisition_of(item, s, model)).record();
}

gradient_result shot_gradient(const shot& item, const survey& s, const velocity_model& model,
                              std::span<const float> observed) {
  const medium<float> m = prepared(s, model);
  simulation<float, order> wave(m, acquisition_of(item, s, model));
  std::vector<float> residual = wave.record_with_checkpoints();
  if (observed.size() != residual.size()) {
    throw std::invalid_argument("the observed record of shot " + std::to_string(item.id) + " has " +
                                std::to_string(observed.size()) + " values, the modelled one " +
                                std::to_string(residual.size()) +
                                "; both must come from the same survey");
  }
  std::transform(residual.begin(), residual.end(), observed.begin(), residual.begin(),
                 std::minus<>());
  gradient_result result;
  for (float r : residual)
    result.misfit += 0.5 * static_cast<double>(r) * static_cast<double>(r);
  result.gradient = wave.adjoint(residual, &result.illumination);
  return result;
}

gradient_result add(gradient_result a, const gradient_result& b) {
  if (a.gradient.empty()) return b;
  if (b.gradient.empty()) return a;
  a.misfit += b.misfit;
  std::transform(a.gradient.begin(), a.gradient.end(), b.gradient.begin(), a.gradient.begin(),
                 std::plus<>());
  std::transform(a.illumination.begin(), a.illumination.end(), b.illumination.begin(),
                 a.illumination.begin(), std::plus<>());
  return a;
}

double gradient_memory_bytes(const survey& s, const velocity_model& model) {
  const padded_grid grid = make_grid<float>(model.nx, model.nz, frame_of(s).width);
  const double record = 4.0 * s.samples * receiver_count(s, model);
  return static_cast<double>(adjoint_memory_bytes<float>(grid, s.samples)) + 2 * record;
}

}  // namespace seismic
