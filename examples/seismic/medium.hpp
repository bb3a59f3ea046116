// SPDX-License-Identifier: MIT
// A velocity model made ready for one time step: squared Courant numbers on the padded grid and the
// absorbing frame around them; and the limits a grid sets to time step and frequency. Waves and
// sources are left to simulation.hpp.
#pragma once

#include <vector>

#include "grid.hpp"
#include "layer.hpp"

namespace seismic {

/// A model made ready for one time step.
template <class T>
struct medium {
  padded_grid grid;
  double dx = 0;      ///< m
  double dt = 0;      ///< s
  field<T> courant2;  ///< (velocity dt / dx)^2, the model's edge continued into the frame
  layer_axis<T> x;
  layer_axis<T> z;
  std::vector<T> slowness2;  ///< the model, s^2/m^2, nx x nz, z fast
};

/// slowness2: nx * nz values in s^2/m^2, z fast. Throws std::invalid_argument when the size is
/// wrong or a value is not positive.
template <class T>
medium<T> make_medium(std::vector<T> slowness2, int nx, int nz, double dx, double dt,
                      const absorbing_frame& frame);

/// Largest stable time step, s: 2 dx / (velocity sqrt(2 S)), S the largest absolute value of the
/// symbol of the order's second difference (von Neumann analysis of the leapfrog scheme).
double max_time_step(int order, double dx, double max_velocity);

/// Highest Ricker peak frequency, Hz, that order 8 carries: four nodes for the shortest wavelength
/// at 2.5 times the peak, where the spectrum has fallen to 3 % of it.
double max_peak_frequency(double dx, double min_velocity);

}  // namespace seismic
