// SPDX-License-Identifier: MIT
#include "medium.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

namespace seismic {

template <class T>
medium<T> make_medium(std::vector<T> slowness2, int nx, int nz, double dx, double dt,
                      const absorbing_frame& frame) {
  if (nx < 1 || nz < 1 ||
      slowness2.size() != static_cast<std::size_t>(nx) * static_cast<std::size_t>(nz)) {
    throw std::invalid_argument("the model has " + std::to_string(slowness2.size()) +
                                " values for a grid of " + std::to_string(nx) + " x " +
                                std::to_string(nz) + " nodes; give one value a node");
  }
  if (!std::all_of(slowness2.begin(), slowness2.end(), [](T s) { return s > 0; })) {
    throw std::invalid_argument("the model has a squared slowness that is not positive");
  }
  std::vector<T> courant2(slowness2.size());
  std::transform(slowness2.begin(), slowness2.end(), courant2.begin(),
                 [&](T s) { return static_cast<T>(dt * dt / (dx * dx * static_cast<double>(s))); });
  medium<T> m;
  m.grid = make_grid<T>(nx, nz, frame.width);
  m.dx = dx;
  m.dt = dt;
  m.courant2 = extend(m.grid, courant2);
  m.x = make_layer_axis<T>(nx, m.grid.rows(), dx, dt, frame);
  m.z = make_layer_axis<T>(nz, m.grid.columns, dx, dt, frame);
  m.slowness2 = std::move(slowness2);
  return m;
}

double max_time_step(int order, double dx, double max_velocity) {
  const auto largest_symbol = [](const auto& weights) {
    double sum = std::abs(weights[0]);
    for (std::size_t k = 1; k < weights.size(); ++k)
      sum += 2 * std::abs(weights[k]);
    return sum;
  };
  double symbol = 0;
  switch (order) {
    case 2:
      symbol = largest_symbol(second_difference<2>());
      break;
    case 4:
      symbol = largest_symbol(second_difference<4>());
      break;
    case 8:
      symbol = largest_symbol(second_difference<8>());
      break;
    default:
      throw std::invalid_argument("no stencil of order " + std::to_string(order) +
                                  "; the order is 2, 4 or 8");
  }
  return 2 * dx / (max_velocity * std::sqrt(2 * symbol));
}

double max_peak_frequency(double dx, double min_velocity) {
  constexpr double nodes_per_wavelength = 4;
  constexpr double band = 2.5;
  return min_velocity / (nodes_per_wavelength * band * dx);
}

template medium<float> make_medium(std::vector<float>, int, int, double, double,
                                   const absorbing_frame&);
template medium<double> make_medium(std::vector<double>, int, int, double, double,
                                    const absorbing_frame&);

}  // namespace seismic
