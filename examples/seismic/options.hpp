// SPDX-License-Identifier: MIT
// What the user asks of the example, and the model and survey that follow from it. It promises a
// case that can run: what cannot is refused with the value and the limit that it breaks.
#pragma once

#include <string>

#include "model.hpp"
#include "survey.hpp"

namespace seismic {

/// As given on the command line; zero or empty means the default of the case.
struct options {
  std::string model;   ///< raw float32 velocities, depth fast; empty: a layered model
  std::string smooth;  ///< starting model of the same shape; empty: the smoothed model
  std::string out = "seismic_out";
  int nx = 0;            ///< default 851 with a model, 301 without
  int nz = 0;            ///< default 176 with a model, 101 without
  double dx = 20;        ///< m
  double time = 0;       ///< s of record, default 4 with a model, 2.5 without
  double frequency = 0;  ///< Hz, peak of the source, default 5 with a model, 7 without
  int shots = 0;         ///< default 16
  int groups = 0;        ///< default 4
  int iterations = -1;   ///< default 8
  int receiver_step = 1;
  bool small = false;  ///< every second node, half the frequency, 8 shots, 5 iterations
  int pools = 0;       ///< of Clusterless; zero leaves it to parameters.json
  int nodes = 0;
  int workers = 0;
};

/// Reads the command line. Returns false, with `exit_code` set, when the program should end: after
/// --help, or after a mistake that was printed.
bool parse_options(int argc, char** argv, options& chosen, int& exit_code);

/// Everything an inversion needs but the observed records.
struct inversion_case {
  velocity_model truth;
  velocity_model start;
  survey acquisition;
  int shots = 0;
  int groups = 0;
  int iterations = 0;
  double min_velocity = 0;  ///< m/s, bounds of the inversion
  double max_velocity = 0;
  std::string out;
};

/// Loads or makes the models and plans the survey. Throws std::runtime_error or
/// std::invalid_argument that says what is wrong and the limit.
inversion_case make_case(const options& chosen);

}  // namespace seismic
