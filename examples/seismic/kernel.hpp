// SPDX-License-Identifier: MIT
// The one hot loop: a time step of the damped 2-D wave equation on padded rows, second order in
// time and 2nd, 4th or 8th order in space. It promises the same field on every instruction set (to
// rounding) and never executes one the processor lacks; grids, sources and records are left to
// medium.hpp and simulation.hpp.
#pragma once

#include <array>
#include <cstddef>

#include "isa.hpp"

namespace seismic {

/// Rows of zeros kept around the grid, enough for the widest stencil (order 8).
inline constexpr int halo = 4;

/// Elements of T in a cache line: rows start and end on multiples of it.
template <class T>
inline constexpr int lane = 64 / static_cast<int>(sizeof(T));

/// What a sweep does beside the time step itself.
enum class sweep_mode {
  advance,    ///< the time step only
  store,      ///< and writes the increment w = courant2 * L(current) to `increment`
  correlate,  ///< and adds current * increment to `image`
};

/// Arrays of one sweep. Each pointer is to element (0, 0) of a padded array whose rows are `stride`
/// elements apart, aligned to 64 bytes, with at least `halo` rows before and after and one lane of
/// zeros before each row. `columns` is a multiple of lane<T>; where courant2 is zero the field
/// stays zero, which is the (Dirichlet) edge of the grid.
template <class T>
struct sweep_args {
  T* previous = nullptr;         ///< in: field at step n-1; out: field at step n+1
  const T* current = nullptr;    ///< field at step n
  const T* courant2 = nullptr;   ///< (velocity * dt / dx)^2
  const T* damping_x = nullptr;  ///< exp(-rate dt / 2) of each row, and its inverse
  const T* inverse_x = nullptr;
  const T* damping_z = nullptr;  ///< the same of each column
  const T* inverse_z = nullptr;
  T* increment = nullptr;  ///< written by store, read by correlate
  T* image = nullptr;      ///< read and written by correlate
  std::ptrdiff_t stride = 0;
  int rows = 0;
  int columns = 0;
};

/// One step: previous := g (a current - g previous + courant2 * L current), g = damping_x
/// damping_z, a = damping_x / damping_z + damping_z / damping_x, L the dimensionless Laplacian of
/// order `Order` (2, 4, 8). Where nothing damps that is 2 current - previous + courant2 * L
/// current; where something does, it is the exact time step of (d/dt + rate_x)(d/dt + rate_z) u. T
/// is float (order 8) or double.
template <class T, int Order>
void sweep(const sweep_args<T>& args, sweep_mode mode, isa set);

template <class T, int Order>
void sweep(const sweep_args<T>& args, sweep_mode mode) {
  sweep<T, Order>(args, mode, best_isa());
}

/// Weights of the central second difference: centre, then the pair at distance 1, 2, ...
/// Source: B. Fornberg, Math. Comp. 51 (1988) 699-706, table 1.
template <int Order>
constexpr std::array<double, Order / 2 + 1> second_difference() {
  static_assert(Order == 2 || Order == 4 || Order == 8, "the stencil order is 2, 4 or 8");
  if constexpr (Order == 2) {
    return {-2.0, 1.0};
  } else if constexpr (Order == 4) {
    return {-5.0 / 2, 4.0 / 3, -1.0 / 12};
  } else {
    return {-205.0 / 72, 8.0 / 5, -1.0 / 5, 8.0 / 315, -1.0 / 560};
  }
}

/// Floating-point operations of one grid point of a plain order-8 sweep, the arithmetic
/// instructions they take when multiply-adds are fused, and the bytes the point must move when
/// nothing but the rows in use stays in cache (read current, previous, courant2; write one).
inline constexpr int sweep_flops_order8 = 31;
inline constexpr int sweep_instructions_order8 = 24;
template <class T>
inline constexpr int sweep_bytes = 4 * static_cast<int>(sizeof(T));

}  // namespace seismic
