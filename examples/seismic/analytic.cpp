// SPDX-License-Identifier: MIT
#include "analytic.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <numbers>

#include "wavelet.hpp"

namespace seismic {
namespace {

// Sum of x_n exp(-i n turn).
std::complex<double> fourier_sum(const std::vector<double>& x, double turn) {
  std::complex<double> sum = 0;
  for (std::size_t n = 0; n < x.size(); ++n)
    sum += x[n] * std::polar(1.0, -turn * double(n));
  return sum;
}

}  // namespace

std::vector<double> exact_trace(double peak_frequency, double velocity, double distance, double dt,
                                int samples) {
  const double arrival = distance / velocity;
  std::vector<double> trace(static_cast<std::size_t>(samples), 0.0);
  for (int n = 0; n < samples; ++n) {
    const double t = n * dt;
    if (t <= arrival) continue;
    // The integrand is even at u = 0 and at rest at the other end, so the trapezoidal rule
    // converges exponentially.
    const double end = std::acosh(t / arrival);
    const int steps = 200 + static_cast<int>(100 * peak_frequency * t);
    const double du = end / steps;
    double sum = 0.5 * ricker(peak_frequency, t - arrival);
    for (int k = 1; k < steps; ++k) {
      sum += ricker(peak_frequency, t - arrival * std::cosh(k * du));
    }
    trace[static_cast<std::size_t>(n)] = sum * du / (2 * std::numbers::pi);
  }
  return trace;
}

std::vector<double> leapfrog_trace(const std::vector<double>& wavelet, double velocity,
                                   double distance, double dt) {
  // The 2-D response has a tail; a long period keeps its repetition out of the record.
  const std::size_t period = 64 * wavelet.size();
  const double step = 2 * std::numbers::pi / double(period);  // of w dt
  std::vector<double> trace(wavelet.size(), 0.0);
  double largest = 0;
  for (std::size_t k = 1; k < period / 2; ++k) {
    const std::complex<double> spectrum = fourier_sum(wavelet, step * double(k));
    largest = std::max(largest, std::abs(spectrum));
    if (std::abs(spectrum) < 1e-9 * largest) break;
    const double x = 2 / (velocity * dt) * std::sin(step * double(k) / 2) * distance;
    const std::complex<double> green(-0.25 * std::cyl_neumann(0.0, x),
                                     -0.25 * std::cyl_bessel_j(0.0, x));
    const std::complex<double> amplitude = 2.0 / double(period) * spectrum * green;
    for (std::size_t n = 0; n < trace.size(); ++n) {
      trace[n] += (amplitude * std::polar(1.0, step * double(k) * double(n))).real();
    }
  }
  return trace;
}

}  // namespace seismic
