// SPDX-License-Identifier: MIT
#include "grid.hpp"

#include <algorithm>

namespace seismic {
namespace {

// Calls visit(padded element, model element it continues) for every node of the grid.
template <class Visit>
void for_each_node(const padded_grid& grid, Visit visit) {
  for (int ix = -grid.frame; ix < grid.nx + grid.frame; ++ix) {
    const auto column = static_cast<std::size_t>(std::clamp(ix, 0, grid.nx - 1));
    for (int iz = -grid.frame; iz < grid.nz + grid.frame; ++iz) {
      const auto depth = static_cast<std::size_t>(std::clamp(iz, 0, grid.nz - 1));
      visit(grid.at(ix, iz), column * static_cast<std::size_t>(grid.nz) + depth);
    }
  }
}

}  // namespace

template <class T>
padded_grid make_grid(int nx, int nz, int frame) {
  padded_grid g;
  g.nx = nx;
  g.nz = nz;
  g.frame = frame;
  g.columns = (nz + 2 * frame + lane<T> - 1) / lane<T> * lane<T>;
  g.stride = g.columns + lane<T>;
  g.origin = halo * g.stride + lane<T>;
  g.size = static_cast<std::size_t>((g.rows() + 2 * halo) * g.stride + lane<T>);
  return g;
}

template <class T>
field<T> extend(const padded_grid& grid, const std::vector<T>& model) {
  field<T> padded(grid.size, T(0));
  for_each_node(grid, [&](std::size_t to, std::size_t from) { padded[to] = model[from]; });
  return padded;
}

template <class T>
std::vector<T> extend_adjoint(const padded_grid& grid, const field<T>& padded) {
  std::vector<T> model(static_cast<std::size_t>(grid.nx) * static_cast<std::size_t>(grid.nz), T(0));
  for_each_node(grid, [&](std::size_t from, std::size_t to) { model[to] += padded[from]; });
  return model;
}

template padded_grid make_grid<float>(int, int, int);
template padded_grid make_grid<double>(int, int, int);
template field<float> extend(const padded_grid&, const std::vector<float>&);
template field<double> extend(const padded_grid&, const std::vector<double>&);
template std::vector<float> extend_adjoint(const padded_grid&, const field<float>&);
template std::vector<double> extend_adjoint(const padded_grid&, const field<double>&);

}  // namespace seismic
