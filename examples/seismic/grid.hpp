// SPDX-License-Identifier: MIT
// The padded arrays everything is computed on: where a model's nodes lie in them, and how a model
// is continued beyond its edge. It promises the alignment and the zeros around the grid that
// kernel.hpp asks for.
#pragma once

#include <cstddef>
#include <limits>
#include <new>
#include <vector>

#include "kernel.hpp"

namespace seismic {

/// Allocates on cache-line boundaries, as the kernel's aligned loads need.
template <class T>
struct cache_line_allocator {
  using value_type = T;
  cache_line_allocator() = default;
  template <class U>
  cache_line_allocator(const cache_line_allocator<U>&) noexcept {}

  T* allocate(std::size_t n) {
    if (n > std::numeric_limits<std::size_t>::max() / sizeof(T)) throw std::bad_array_new_length();
    return static_cast<T*>(::operator new (n * sizeof(T), std::align_val_t{64}));
  }
  void deallocate(T* p, std::size_t) noexcept { ::operator delete (p, std::align_val_t{64}); }
  bool operator==(const cache_line_allocator&) const = default;
};

/// One padded grid of values: a wave field, a medium, an image.
template <class T>
using field = std::vector<T, cache_line_allocator<T>>;

/// Where the nodes of an nx x nz model with an absorbing frame lie in a padded array. z (depth) is
/// the fast axis. Node (0, 0) is the model's first; the frame has negative indices and indices
/// beyond nx, nz.
struct padded_grid {
  int nx = 0;
  int nz = 0;
  int frame = 0;              ///< nodes of absorbing frame on each of the four sides
  int columns = 0;            ///< nz + 2 frame, rounded up to a whole lane
  std::ptrdiff_t stride = 0;  ///< elements from node (ix, iz) to (ix + 1, iz)
  std::ptrdiff_t origin = 0;  ///< element of node (-frame, -frame)
  std::size_t size = 0;       ///< elements of a padded array

  int rows() const { return nx + 2 * frame; }
  std::size_t at(int ix, int iz) const {
    return static_cast<std::size_t>(origin + (ix + frame) * stride + iz + frame);
  }
};

/// The grid for elements of T.
template <class T>
padded_grid make_grid(int nx, int nz, int frame);

/// Continues a model (nx * nz values, z fast) into the frame by repeating its edge.
template <class T>
field<T> extend(const padded_grid& grid, const std::vector<T>& model);

/// The adjoint of extend: adds what lies in the frame to the edge node it was repeated from.
template <class T>
std::vector<T> extend_adjoint(const padded_grid& grid, const field<T>& padded);

}  // namespace seismic
