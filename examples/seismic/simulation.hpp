// SPDX-License-Identifier: MIT
// Waves of one shot: the record of a source, its linearisation by the model (Born) and the exact
// adjoint of that linearisation, whose result is the FWI gradient. It promises that
// <born(d), r> = <d, adjoint(r)> to rounding, in memory that grows with the square root of the
// number of time steps; misfits, shots and inversion are left to survey.hpp and inversion.hpp.
#pragma once

#include <cstddef>
#include <vector>

#include "medium.hpp"

namespace seismic {

/// A node of the model, the frame not counted.
struct node {
  int ix = 0;
  int iz = 0;
};

/// One source and what listens to it. The wavelet's length is the number of time samples.
template <class T>
struct acquisition {
  node source;
  std::vector<node> receivers;
  std::vector<T> wavelet;  ///< s(t_n), t_n = n dt, of m p_tt - Laplacian p = s(t) delta(x - source)
};

/// Time steps between two checkpoints of `samples` time samples.
int checkpoint_interval(int samples);

/// Bytes an adjoint run of T holds at most, records not counted.
template <class T>
std::size_t adjoint_memory_bytes(const padded_grid& grid, int samples);

/// Records are samples x receivers, the receiver index fast; sample 0 is the field at rest. Models,
/// perturbations and gradients are nx x nz, z fast, in the parameter m = 1 / velocity^2.
template <class T, int Order>
class simulation {
 public:
  /// Keeps a reference to the medium. Throws std::invalid_argument when the source or a receiver is
  /// outside the model or the time step is beyond max_time_step.
  simulation(const medium<T>& medium, acquisition<T> acquisition);

  /// The shot record.
  std::vector<T> record();

  /// The same, keeping what adjoint() needs.
  std::vector<T> record_with_checkpoints();

  /// First-order change of the record when the model changes by dm.
  std::vector<T> born(const std::vector<T>& dm);

  /// The adjoint of born() on a record. Needs record_with_checkpoints() before, else throws
  /// std::logic_error. When illumination is given, the time sum of the squared source-side
  /// increments (the diagonal of Shin's pseudo-Hessian up to a factor) is written to it.
  std::vector<T> adjoint(const std::vector<T>& residual, std::vector<T>* illumination = nullptr);

 private:
  struct state {
    field<T> now, before, memory_x, memory_z;
  };
  struct checkpoint {
    field<T> now, before;
    std::vector<T> memory;  // of both directions, in the frame only
  };
  int samples() const { return static_cast<int>(acquisition_.wavelet.size()); }
  state at_rest() const;
  checkpoint save(const state& s) const;
  state restore(const checkpoint& c) const;
  template <class Visit>
  void for_each_frame_node(Visit visit) const;

  void step(state& s, sweep_mode mode, field<T>* increment);
  void advance(state& s, int n, field<T>* increment = nullptr);
  void step_back(state& s, field<T>* increment, const T* residual);
  void sample(const state& s, T* out) const;
  int replay(int first, std::vector<field<T>>& increments, field<T>* illumination);

  const medium<T>& medium_;
  acquisition<T> acquisition_;
  std::size_t source_ = 0;
  std::vector<std::size_t> receivers_;
  std::vector<checkpoint> checkpoints_;
  field<T> image_;
  field<T> flux_x_;
  field<T> flux_z_;
};

}  // namespace seismic
