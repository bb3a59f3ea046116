// SPDX-License-Identifier: MIT
#include "model.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace seismic {
namespace {

velocity_model uniform(int nx, int nz, double dx, float velocity) {
  return {
      nx, nz, dx,
      std::vector<float>(static_cast<std::size_t>(nx) * static_cast<std::size_t>(nz), velocity)};
}

float& node(velocity_model& m, int ix, int iz) {
  return m.velocity[static_cast<std::size_t>(ix) * static_cast<std::size_t>(m.nz) +
                    static_cast<std::size_t>(iz)];
}

// Weighted average of slownesses along one axis; the edge is repeated.
template <class At>
double average(const std::vector<double>& weights, int center, int first, int last, At slowness) {
  const int reach = static_cast<int>(weights.size()) - 1;
  double sum = 0, total = 0;
  for (int k = -reach; k <= reach; ++k) {
    const double w = weights[static_cast<std::size_t>(std::abs(k))];
    sum += w * slowness(std::clamp(center + k, first, last));
    total += w;
  }
  return sum / total;
}

}  // namespace

velocity_model load_velocity(const std::string& path, int nx, int nz, double dx) {
  velocity_model m = uniform(nx, nz, dx, 0);
  std::error_code failure;
  const auto size = std::filesystem::file_size(path, failure);
  if (failure) {
    throw std::runtime_error("cannot read the model " + path + ": " + failure.message());
  }
  const auto expected = m.velocity.size() * sizeof(float);
  if (size != expected) {
    throw std::runtime_error("the model " + path + " has " + std::to_string(size) + " bytes, but " +
                             std::to_string(nx) + " x " + std::to_string(nz) +
                             " float32 values are " + std::to_string(expected) +
                             "; set --nx and --nz to its size");
  }
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(m.velocity.data()), static_cast<std::streamsize>(expected));
  if (!file) throw std::runtime_error("cannot read the model " + path + " to its end");
  const auto wrong = std::find_if_not(m.velocity.begin(), m.velocity.end(),
                                      [](float v) { return v >= 100 && v <= 20000; });
  if (wrong != m.velocity.end()) {
    throw std::runtime_error("the model " + path + " holds " + std::to_string(*wrong) +
                             " at value " + std::to_string(wrong - m.velocity.begin()) +
                             ", which is no velocity in m/s; it must be raw little-endian float32");
  }
  return m;
}

velocity_model layered_velocity(int nx, int nz, double dx) {
  constexpr float layers[] = {1700, 1950, 2300, 2150, 2700, 3200, 3000, 3700};
  constexpr int count = static_cast<int>(std::size(layers));
  velocity_model m = uniform(nx, nz, dx, 1500);
  const double width = (nx - 1) * dx, depth = (nz - 1) * dx, seabed = 0.12 * depth;
  for (int ix = 0; ix < nx; ++ix) {
    const double x = ix * dx / width;
    const double fold = 0.05 * std::sin(7.0 * x) + 0.03 * std::sin(17.0 * x + 1);
    const double fault = x > 0.62 ? 0.06 : 0.0;
    for (int iz = 0; iz < nz; ++iz) {
      const double z = iz * dx;
      if (z <= seabed) continue;
      const double below = (z - seabed) / (depth - seabed);
      const double level = (below + (fold + fault) * std::min(1.0, 4 * below)) * count;
      float& v = node(m, ix, iz);
      v = layers[std::clamp(static_cast<int>(level), 0, count - 1)];
      const double lens = std::pow((x - 0.38) / 0.13, 2) + std::pow((below - 0.42) / 0.09, 2);
      if (lens < 1) v = 4000;
    }
  }
  return m;
}

velocity_model smoothed(const velocity_model& model, double radius, int fixed_rows) {
  const double nodes = radius / model.dx;
  std::vector<double> weights(static_cast<std::size_t>(std::ceil(3 * nodes)) + 1);
  for (std::size_t k = 0; k < weights.size(); ++k) {
    const double distance = static_cast<double>(k) / std::max(nodes, 1e-9);
    weights[k] = std::exp(-0.5 * distance * distance);
  }
  velocity_model along_z = model, result = model;
  for (int ix = 0; ix < model.nx; ++ix) {
    for (int iz = fixed_rows; iz < model.nz; ++iz) {
      const double s = average(weights, iz, fixed_rows, model.nz - 1,
                               [&](int z) { return 1.0 / static_cast<double>(model.at(ix, z)); });
      node(along_z, ix, iz) = static_cast<float>(1 / s);
    }
  }
  for (int ix = 0; ix < model.nx; ++ix) {
    for (int iz = fixed_rows; iz < model.nz; ++iz) {
      const double s = average(weights, ix, 0, model.nx - 1,
                               [&](int x) { return 1.0 / static_cast<double>(along_z.at(x, iz)); });
      node(result, ix, iz) = static_cast<float>(1 / s);
    }
  }
  return result;
}

velocity_model coarsened(const velocity_model& model, int factor) {
  velocity_model m =
      uniform((model.nx - 1) / factor + 1, (model.nz - 1) / factor + 1, model.dx * factor, 0);
  for (int ix = 0; ix < m.nx; ++ix) {
    for (int iz = 0; iz < m.nz; ++iz) {
      double slowness = 0;
      for (int k = 0; k < factor * factor; ++k) {
        const int x = ix * factor + k / factor - factor / 2;
        const int z = iz * factor + k % factor - factor / 2;
        slowness += 1.0 / static_cast<double>(model.at(std::clamp(x, 0, model.nx - 1),
                                                       std::clamp(z, 0, model.nz - 1)));
      }
      node(m, ix, iz) = static_cast<float>(factor * factor / slowness);
    }
  }
  return m;
}

int water_rows(const velocity_model& model) {
  const float water = model.at(0, 0);
  for (int iz = 0; iz < model.nz; ++iz) {
    for (int ix = 0; ix < model.nx; ++ix) {
      if (std::abs(model.at(ix, iz) - water) > 0.5F) return iz;
    }
  }
  return model.nz;
}

}  // namespace seismic
