// SPDX-License-Identifier: MIT
// What the example leaves behind: models, gradient and shot records as .npy arrays and as pictures.
#pragma once

#include <string>
#include <vector>

#include "inversion.hpp"
#include "model.hpp"
#include "survey.hpp"

namespace seismic {

/// Writes into one folder, which it makes. Each function writes `name`.npy and `name`.png and
/// throws std::runtime_error when it cannot.
class report {
 public:
  explicit report(std::string folder);

  /// nx x nz velocities in m/s; all pictures of one report use the same colours.
  void model(const std::string& name, const std::string& title, const velocity_model& model);

  /// samples x receivers pressures, in grey and clipped so that late echoes are seen.
  void record(const std::string& name, const std::string& title, const survey& s,
              const velocity_model& model, const float* pressure);

  /// nx x nz derivatives of the misfit; rows above fixed_rows, which do not take part, are left
  /// blank in the picture.
  void gradient(const std::string& name, const gradient_result& g, const velocity_model& model,
                int fixed_rows);

  /// The misfit of each iteration relative to the first.
  void misfit(const std::string& name, const std::vector<double>& misfits);

  const std::string& folder() const { return folder_; }

 private:
  std::string path(const std::string& name, const char* ending) const;

  std::string folder_;
  // km/s, ends of the colour map: of the first model, but for the slowest half percent of its nodes
  double slowest_ = 0;
  double fastest_ = 0;
};

}  // namespace seismic
