// SPDX-License-Identifier: MIT
#include "inversion.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace seismic {
namespace {

// The unknowns are squared slownesses in s^2/km^2, all of order 0.1.
constexpr double per_km2 = 1e6;

std::vector<double> unknowns(const velocity_model& model) {
  std::vector<double> x(model.velocity.size());
  std::transform(model.velocity.begin(), model.velocity.end(), x.begin(), [](float v) {
    return per_km2 / (static_cast<double>(v) * static_cast<double>(v));
  });
  return x;
}

velocity_model model_of(const std::vector<double>& x, const velocity_model& like) {
  velocity_model model{like.nx, like.nz, like.dx, std::vector<float>(x.size())};
  std::transform(x.begin(), x.end(), model.velocity.begin(),
                 [](double s) { return static_cast<float>(std::sqrt(per_km2 / s)); });
  return model;
}

evaluation as_evaluation(const gradient_result& g, const velocity_model& model, int fixed_rows) {
  evaluation e{g.misfit, std::vector<double>(g.gradient.size())};
  for (std::size_t i = 0; i < e.gradient.size(); ++i) {
    const bool fixed = static_cast<int>(i % static_cast<std::size_t>(model.nz)) < fixed_rows;
    e.gradient[i] = fixed ? 0.0 : static_cast<double>(g.gradient[i]) / per_km2;
  }
  return e;
}

// One over the illumination, which evens out what the waves' decay with depth takes from the
// gradient; the mean is added in part so that dark corners are not blown up.
std::vector<double> depth_preconditioner(const std::vector<float>& illumination) {
  double mean = 0;
  for (float i : illumination)
    mean += static_cast<double>(i);
  mean /= static_cast<double>(illumination.size());
  std::vector<double> p(illumination.size());
  std::transform(illumination.begin(), illumination.end(), p.begin(),
                 [&](float i) { return mean / (static_cast<double>(i) + 0.05 * mean); });
  return p;
}

}  // namespace

inversion_result invert(const velocity_model& start, const gradient_over_shots& evaluate,
                        const inversion_options& options, const inversion_observer& observer) {
  inversion_result result;
  result.first = evaluate(start);
  const std::vector<double> x = unknowns(start);
  lbfgs_options search;
  search.iterations = options.iterations;
  search.preconditioner = depth_preconditioner(result.first.illumination);
  search.lower.assign(x.size(), per_km2 / (options.max_velocity * options.max_velocity));
  search.upper.assign(x.size(), per_km2 / (options.min_velocity * options.min_velocity));
  const objective misfit = [&](const std::vector<double>& at) {
    return as_evaluation(evaluate(model_of(at, start)), start, options.fixed_rows);
  };
  const lbfgs_result found =
      minimise(misfit, x, as_evaluation(result.first, start, options.fixed_rows), search,
               [&](int iteration, double value, const std::vector<double>&) {
                 if (observer) observer(iteration, value);
               });
  result.model = model_of(found.x, start);
  result.misfits = found.values;
  result.evaluations = found.evaluations + 1;
  return result;
}

}  // namespace seismic
