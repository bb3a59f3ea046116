// SPDX-License-Identifier: MIT
// Exact pressure of a line source in an unbounded medium of constant velocity, to check the scheme
// against: in continuous time, and in the leapfrog's own discrete time, which separates the error
// in space from the error in time.
#pragma once

#include <vector>

namespace seismic {

/// Ricker wavelet convolved with the 2-D Green's function H(t - r/v) / (2 pi sqrt(t^2 - r^2/v^2))
/// (P. Morse, H. Feshbach, Methods of Theoretical Physics, 7.3.15), `samples` values at n dt, at
/// `distance` m > 0 from the source. The substitution t = (r/v) cosh u removes the singularity.
std::vector<double> exact_trace(double peak_frequency, double velocity, double distance, double dt,
                                int samples);

/// What a scheme exact in space but leapfrog in time records: the spectrum of `wavelet` times
/// -i/4 H0^(2)(k r) with k = (2 / (v dt)) sin(w dt / 2), the leapfrog's wave number.
std::vector<double> leapfrog_trace(const std::vector<double>& wavelet, double velocity,
                                   double distance, double dt);

}  // namespace seismic
