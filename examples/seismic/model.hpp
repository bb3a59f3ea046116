// SPDX-License-Identifier: MIT
// The velocity model: read from a raw float32 file, or made of layers when there is none; smoothed
// into a starting model and coarsened into a small one. It promises positive finite velocities on a
// grid of the stated size; propagation is left to simulation.hpp.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace seismic {

/// P-wave velocities in m/s on nx x nz nodes dx metres apart; z (depth) is the fast axis, as in the
/// Marmousi files.
struct velocity_model {
  int nx = 0;
  int nz = 0;
  double dx = 0;
  std::vector<float> velocity;

  float at(int ix, int iz) const {
    return velocity[static_cast<std::size_t>(ix) * static_cast<std::size_t>(nz) +
                    static_cast<std::size_t>(iz)];
  }
};

/// Reads nx * nz little-endian float32 values. Throws std::runtime_error when the file cannot be
/// read, has another size, or holds a velocity outside 100 to 20000 m/s.
velocity_model load_velocity(const std::string& path, int nx, int nz, double dx);

/// Water over folded sediments with a fault and a fast lens, 1500 to 4000 m/s.
velocity_model layered_velocity(int nx, int nz, double dx);

/// Gaussian average of the slowness over `radius` metres (one standard deviation) below the first
/// `fixed_rows` rows, which stay as they are.
velocity_model smoothed(const velocity_model& model, double radius, int fixed_rows);

/// Every factor-th node, each the average slowness of the factor x factor nodes around it.
velocity_model coarsened(const velocity_model& model, int factor);

/// Rows from the top in which all nodes have the velocity of the first: the water.
int water_rows(const velocity_model& model);

}  // namespace seismic
