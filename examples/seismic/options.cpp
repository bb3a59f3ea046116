// SPDX-License-Identifier: MIT
#include "options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace seismic {
namespace {

constexpr double starting_radius = 160;  // m, of the smoothing that makes a starting model

template <class T>
T or_default(T given, T standard) {
  return given > T(0) ? given : standard;
}

}  // namespace

bool parse_options(int argc, char** argv, options& chosen, int& exit_code) {
  CLI::App app(
      "2-D acoustic modelling and full-waveform inversion, its shots mapped over a Clusterless "
      "pool");
  app.add_option("--model", chosen.model,
                 "raw float32 velocities in m/s, depth fast; without it a layered model is made");
  app.add_option("--smooth", chosen.smooth,
                 "starting model of the same shape; without it the model is smoothed");
  app.add_option("--nx", chosen.nx, "columns of the model (851 with --model, else 301)")
      ->check(CLI::Range(32, 100000));
  app.add_option("--nz", chosen.nz, "rows of the model (176 with --model, else 101)")
      ->check(CLI::Range(32, 100000));
  app.add_option("--dx", chosen.dx, "grid spacing in m (20)")->check(CLI::PositiveNumber);
  app.add_option("--time", chosen.time, "length of a record in s (4 with --model, else 2.5)")
      ->check(CLI::Range(0.01, 1000.0));
  app.add_option("--freq", chosen.frequency,
                 "peak frequency of the source in Hz (5 with --model, else 7)")
      ->check(CLI::PositiveNumber);
  app.add_option("--shots", chosen.shots, "number of shots (16)")->check(CLI::Range(1, 100000));
  app.add_option("--groups", chosen.groups, "shot groups, the items of the outer map (4)")
      ->check(CLI::Range(1, 100000));
  app.add_option("--iterations", chosen.iterations, "L-BFGS iterations (8)")
      ->check(CLI::Range(0, 10000));
  app.add_option("--receiver-step", chosen.receiver_step, "a receiver at every n-th column (1)")
      ->check(CLI::Range(1, 1000));
  app.add_option("--out", chosen.out, "folder of the pictures and arrays (seismic_out)");
  app.add_flag("--small", chosen.small,
               "a case of seconds: every second node, half the frequency, 8 shots, 5 iterations");
  app.add_option("--pools", chosen.pools, "Clusterless pools")->check(CLI::Range(1, 1000));
  app.add_option("--nodes", chosen.nodes, "nodes of each pool")->check(CLI::Range(1, 10000));
  app.add_option("--workers", chosen.workers, "worker processes on each node")
      ->check(CLI::Range(1, 1000));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& end) {
    exit_code = app.exit(end);
    return false;
  }
  return true;
}

inversion_case make_case(const options& chosen) {
  const bool given = !chosen.model.empty();
  if (!given && !chosen.smooth.empty()) {
    throw std::invalid_argument("--smooth needs --model, the model that was smoothed");
  }
  const int nx = or_default(chosen.nx, given ? 851 : 301);
  const int nz = or_default(chosen.nz, given ? 176 : 101);
  const double shrink = chosen.small ? 2 : 1;
  inversion_case c;
  c.truth =
      given ? load_velocity(chosen.model, nx, nz, chosen.dx) : layered_velocity(nx, nz, chosen.dx);
  c.start = chosen.smooth.empty() ? smoothed(c.truth, starting_radius * shrink, water_rows(c.truth))
                                  : load_velocity(chosen.smooth, nx, nz, chosen.dx);
  if (chosen.small) {
    c.truth = coarsened(c.truth, 2);
    c.start = coarsened(c.start, 2);
  }
  const auto [slowest, fastest] =
      std::minmax_element(c.truth.velocity.begin(), c.truth.velocity.end());
  c.min_velocity = 0.9 * static_cast<double>(*slowest);
  c.max_velocity = 1.1 * static_cast<double>(*fastest);
  c.acquisition.dt = time_step_for(c.truth.dx, c.max_velocity);
  const double time = or_default(chosen.time, given ? 4.0 : 2.5);
  c.acquisition.samples = static_cast<int>(std::ceil(time / c.acquisition.dt)) + 1;
  c.acquisition.frequency = or_default(chosen.frequency, (given ? 5 : 7) / shrink);
  c.acquisition.receiver_step = chosen.receiver_step;
  check_survey(c.acquisition, c.truth, c.max_velocity);
  c.shots = or_default(chosen.shots, chosen.small ? 8 : 16);
  if (c.shots > c.truth.nx) {
    throw std::invalid_argument(std::to_string(c.shots) + " shots on a model of " +
                                std::to_string(c.truth.nx) + " columns; at most one a column");
  }
  c.groups = std::min(or_default(chosen.groups, 4), c.shots);
  c.iterations = chosen.iterations >= 0 ? chosen.iterations : (chosen.small ? 5 : 8);
  c.out = chosen.out;
  return c;
}

}  // namespace seismic
