// SPDX-License-Identifier: MIT
#include "inversion.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "survey.hpp"

using namespace seismic;

namespace {

// The extended Rosenbrock function, a curved valley with its minimum 0 at (1, 1, ..., 1).
evaluation rosenbrock(const std::vector<double>& x) {
  evaluation e{0, std::vector<double>(x.size())};
  for (std::size_t i = 0; i < x.size(); i += 2) {
    const double a = 1 - x[i], b = x[i + 1] - x[i] * x[i];
    e.value += a * a + 100 * b * b;
    e.gradient[i] = -2 * a - 400 * x[i] * b;
    e.gradient[i + 1] = 200 * b;
  }
  return e;
}

lbfgs_options within(std::size_t n, double lower, double upper) {
  lbfgs_options options;
  options.lower.assign(n, lower);
  options.upper.assign(n, upper);
  options.preconditioner.assign(n, 1);
  return options;
}

struct small_case {
  velocity_model truth = layered_velocity(101, 41, 40);
  int water = water_rows(truth);
  velocity_model start = smoothed(truth, 240, water);
  survey s{.dt = time_step_for(40, 4500), .samples = 300, .frequency = 3};
  std::vector<shot> shots = spread_shots(4, truth);
  std::vector<std::vector<float>> observed;

  small_case() {
    for (const shot& k : shots)
      observed.push_back(model_shot(k, s, truth));
  }
  gradient_result evaluate(const velocity_model& model) const {
    gradient_result sum;
    for (std::size_t k = 0; k < shots.size(); ++k) {
      sum = add(std::move(sum), shot_gradient(shots[k], s, model, observed[k]));
    }
    return sum;
  }
};

double distance(const velocity_model& a, const velocity_model& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.velocity.size(); ++i) {
    sum += std::pow(static_cast<double>(a.velocity[i]) - static_cast<double>(b.velocity[i]), 2);
  }
  return std::sqrt(sum / static_cast<double>(a.velocity.size()));
}

}  // namespace

TEST_CASE("l-bfgs finds the end of a curved valley") {
  const std::vector<double> start(20, 0.3);
  lbfgs_options options = within(20, 0.1, 3);
  options.iterations = 80;
  options.max_trials = 20;

  const lbfgs_result found = minimise(rosenbrock, start, rosenbrock(start), options);

  MESSAGE("values ", found.values.size(), ", ", found.evaluations, " evaluations, value ",
          found.values.back());
  CHECK(found.values.back() < 1e-10);
  CHECK(std::is_sorted(found.values.rbegin(), found.values.rend()));
}

TEST_CASE("l-bfgs stays within the bounds and stops at a minimum on them") {
  const std::vector<double> start(4, 0.3);
  lbfgs_options options = within(4, 0.1, 0.5);
  options.iterations = 50;

  const lbfgs_result found = minimise(rosenbrock, start, rosenbrock(start), options);

  CHECK(*std::max_element(found.x.begin(), found.x.end()) <= 0.5);
  CHECK(found.x[0] == doctest::Approx(0.5));
}

TEST_CASE("the inversion fits better at each iteration and comes nearer to the true model") {
  const small_case c;
  inversion_options options{.iterations = 5, .fixed_rows = c.water, .max_velocity = 4500};
  int reported = 0;

  const inversion_result r = invert(
      c.start, [&](const velocity_model& m) { return c.evaluate(m); }, options,
      [&](int iteration, double) { reported = iteration; });

  MESSAGE("misfit ", r.misfits.front(), " -> ", r.misfits.back(), ", model error ",
          distance(c.start, c.truth), " -> ", distance(r.model, c.truth), " m/s, ", r.evaluations,
          " gradients");
  CHECK(reported == 5);
  CHECK(r.misfits.size() == 6);
  for (std::size_t k = 1; k < r.misfits.size(); ++k)
    CHECK(r.misfits[k] < r.misfits[k - 1]);
  CHECK(r.misfits.back() < 0.3 * r.misfits.front());
  CHECK(distance(r.model, c.truth) < 0.97 * distance(c.start, c.truth));
  CHECK(water_rows(r.model) == c.water);
}

TEST_CASE("the sum over shots does not depend on how they are grouped") {
  const small_case c;
  std::vector<gradient_result> parts;
  for (std::size_t k = 0; k < 3; ++k) {
    parts.push_back(shot_gradient(c.shots[k], c.s, c.start, c.observed[k]));
  }

  const gradient_result left = add(add(parts[0], parts[1]), parts[2]);
  const gradient_result right = add(parts[0], add(parts[1], add(parts[2], {})));

  CHECK(left.misfit == doctest::Approx(right.misfit).epsilon(1e-12));
  const float largest = *std::max_element(left.gradient.begin(), left.gradient.end());
  for (std::size_t i = 0; i < left.gradient.size(); ++i) {
    REQUIRE(std::abs(left.gradient[i] - right.gradient[i]) <= 1e-5F * largest);
  }
}

TEST_CASE("a survey that the grid cannot carry is refused with the limits") {
  const velocity_model model = layered_velocity(101, 41, 40);
  survey s{.dt = time_step_for(40, 4500), .samples = 300, .frequency = 3};
  CHECK_NOTHROW(check_survey(s, model, 4500));

  s.frequency = 12;
  CHECK_THROWS_WITH_AS(check_survey(s, model, 4500),
                       doctest::Contains("at 1500 m/s the limit is 3.75 Hz"),
                       std::invalid_argument);
  s.frequency = 3;
  s.dt = 0.01;
  CHECK_THROWS_WITH_AS(check_survey(s, model, 4500), doctest::Contains("(CFL) is 4.93 ms"),
                       std::invalid_argument);
  const std::vector<float> wrong(10);
  CHECK_THROWS_AS(shot_gradient({0, 5}, s, model, wrong), std::invalid_argument);
}
