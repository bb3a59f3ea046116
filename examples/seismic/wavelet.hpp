// SPDX-License-Identifier: MIT
// The source time function of the example. It promises a wavelet that starts and ends at rest to
// 1e-8 of its peak when the delay is kept and the record is long enough.
#pragma once

#include <vector>

namespace seismic {

/// Time of a Ricker wavelet's peak, s, such that it starts from rest.
double ricker_delay(double peak_frequency);

/// Ricker (second derivative of a Gaussian) at time t, s: (1 - 2 a) exp(-a),
/// a = (pi f (t - delay))^2.
double ricker(double peak_frequency, double t);

/// `samples` values at n dt.
template <class T>
std::vector<T> ricker_wavelet(double peak_frequency, double dt, int samples);

}  // namespace seismic
