// SPDX-License-Identifier: MIT
// The absorbing frame around the model: a perfectly matched layer for the second-order wave
// equation in the form of Grote and Sim (arXiv:1001.0319), with two memory fields. It promises an
// operator that is symmetric in space at every frequency, so that the scheme run backwards in time
// is the exact adjoint of the scheme; and it never depends on the model.
#pragma once

#include <cstddef>

#include "grid.hpp"
#include "isa.hpp"

namespace seismic {

/// The frame's size and strength. The damping rate at depth d into it is
/// 3 velocity ln(1 / reflection) / (2 width dx) (d / width)^2, in 1/s.
struct absorbing_frame {
  int width = 14;            ///< nodes; 0 gives a rigid edge
  double velocity = 2500;    ///< m/s, a typical velocity of the model
  double reflection = 1e-5;  ///< amplitude left after the way in and out at that velocity
};

/// Coefficients along one axis: at nodes i, and half-way to the next node.
template <class T>
struct layer_axis {
  field<T> damping;     ///< exp(-rate dt / 2), zero beyond the grid
  field<T> inverse;     ///< 1 / damping, zero beyond the grid
  field<T> rate;        ///< 1/s
  field<T> half_rate;   ///< 1/s, at i + 1/2
  field<T> half_decay;  ///< exp(-rate dt) at i + 1/2
  field<T> half_gain;   ///< (1 - exp(-rate dt)) / (2 rate) at i + 1/2, s
};

/// n model nodes between two frames, in arrays of `padded` elements.
template <class T>
layer_axis<T> make_layer_axis(int n, int padded, double dx, double dt,
                              const absorbing_frame& frame);

/// Arrays of one pass over the frame, padded like those of sweep_args.
template <class T>
struct layer_args {
  const T* current = nullptr;  ///< field at step n
  T* next = nullptr;       ///< field at step n + 1 as left by sweep(); the layer's part is added
  T* increment = nullptr;  ///< the same of the stored increment, when not null
  const T* courant2 = nullptr;
  T* memory_x = nullptr;  ///< state of the layer, zero at rest
  T* memory_z = nullptr;
  T* flux_x = nullptr;  ///< work space, zero outside the frame
  T* flux_z = nullptr;
  const layer_axis<T>* x = nullptr;
  const layer_axis<T>* z = nullptr;
  std::ptrdiff_t stride = 0;
  int rows = 0;       ///< nx + 2 width
  int columns = 0;    ///< nz + 2 width
  int thickness = 0;  ///< rows and columns at each edge that the layer reaches, width + 2
};

/// Adds courant2 times the divergence of the fluxes, where with s = 1 + rate / (i omega)
/// flux_x = (s_z / s_x - 1) d/dx u and flux_z = (s_x / s_z - 1) d/dz u, taken at half nodes with
/// the staggered fourth-order difference. That one, and not the eighth, because its symbol stays
/// below the sweep's at all wave numbers, which keeps the sum of both stable.
template <class T>
void absorb(const layer_args<T>& args, isa set);

}  // namespace seismic
