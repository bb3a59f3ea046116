// SPDX-License-Identifier: MIT
#include "wavelet.hpp"

#include <cmath>
#include <numbers>

namespace seismic {

double ricker_delay(double peak_frequency) {
  return 1.5 / peak_frequency;
}

double ricker(double peak_frequency, double t) {
  const double phase = std::numbers::pi * peak_frequency * (t - ricker_delay(peak_frequency));
  return (1 - 2 * phase * phase) * std::exp(-phase * phase);
}

template <class T>
std::vector<T> ricker_wavelet(double peak_frequency, double dt, int samples) {
  std::vector<T> values(static_cast<std::size_t>(samples));
  for (int n = 0; n < samples; ++n) {
    values[static_cast<std::size_t>(n)] = static_cast<T>(ricker(peak_frequency, n * dt));
  }
  return values;
}

template std::vector<float> ricker_wavelet(double, double, int);
template std::vector<double> ricker_wavelet(double, double, int);

}  // namespace seismic
