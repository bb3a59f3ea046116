// SPDX-License-Identifier: MIT
#include "simulation.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>

#include "analytic.hpp"
#include "wavelet.hpp"

using namespace seismic;

namespace {

constexpr double velocity = 2000;  // m/s, of the uniform medium

std::vector<double> random_values(std::size_t n, unsigned seed) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<double> value(-1, 1);
  std::vector<double> values(n);
  for (double& v : values)
    v = value(engine);
  return values;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += a[i] * b[i];
  return sum;
}

std::vector<double> difference(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> d(a.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    d[i] = a[i] - b[i];
  return d;
}

double relative_error(const std::vector<double>& got, const std::vector<double>& expected) {
  const std::vector<double> d = difference(got, expected);
  return std::sqrt(dot(d, d) / dot(expected, expected));
}

enum class reference { continuous_time, leapfrog_time };

// Relative error of four traces at 400 to 720 m from a 5 Hz source, before any edge answers.
template <int Order>
double error_on_grid(double dx, double dt, reference against) {
  constexpr double frequency = 5, side = 3600, duration = 0.9;
  const int n = static_cast<int>(std::lround(side / dx)) + 1;
  const int samples = static_cast<int>(std::lround(duration / dt)) + 1;
  const auto steps = [&](double distance) { return static_cast<int>(std::lround(distance / dx)); };
  const auto m =
      make_medium(std::vector<double>(static_cast<std::size_t>(n * n), 1 / (velocity * velocity)),
                  n, n, dx, dt, absorbing_frame{.width = 0});
  acquisition<double> a{{n / 2, n / 2}, {}, ricker_wavelet<double>(frequency, dt, samples)};
  std::vector<double> distances;
  for (auto [x, z] : {std::pair{400.0, 0.0}, {600.0, 0.0}, {0.0, 720.0}, {400.0, 400.0}}) {
    a.receivers.push_back({n / 2 + steps(x), n / 2 + steps(z)});
    distances.push_back(std::hypot(x, z));
  }
  const std::vector<double> got = simulation<double, Order>(m, a).record();
  std::vector<double> expected(got.size());
  for (std::size_t k = 0; k < distances.size(); ++k) {
    const std::vector<double> trace =
        against == reference::continuous_time
            ? exact_trace(frequency, velocity, distances[k], dt, samples)
            : leapfrog_trace(a.wavelet, velocity, distances[k], dt);
    for (std::size_t i = 0; i < trace.size(); ++i)
      expected[i * distances.size() + k] = trace[i];
  }
  return relative_error(got, expected);
}

// Prints the errors on grids of 40, 20 and 10 m at a fixed Courant number; returns the last order.
template <int Order>
double observed_order(double courant, reference against, const std::string& label) {
  double previous = 0, order = 0;
  for (double dx : {40.0, 20.0, 10.0}) {
    const double error = error_on_grid<Order>(dx, courant * dx / velocity, against);
    order = previous > 0 ? std::log2(previous / error) : 0;
    MESSAGE(label, ": dx ", dx, " m, relative error ", error, ", order ", order);
    previous = error;
  }
  return order;
}

// A small medium with smooth random structure, frame and all, and a shot over it.
struct small_shot {
  static constexpr int nx = 41, nz = 33, samples = 260;
  static constexpr double dx = 20, dt = 0.003;

  static std::vector<double> model() {
    std::vector<double> m(std::size_t{nx} * nz);
    for (int ix = 0; ix < nx; ++ix) {
      for (int iz = 0; iz < nz; ++iz) {
        const double v = 1800 + 20.0 * iz + 150 * std::sin(0.3 * ix) * std::cos(0.4 * iz);
        m[static_cast<std::size_t>(ix) * nz + static_cast<std::size_t>(iz)] = 1 / (v * v);
      }
    }
    return m;
  }
  static medium<double> prepared(std::vector<double> m) {
    return make_medium(std::move(m), nx, nz, dx, dt, absorbing_frame{.width = 8});
  }
  static acquisition<double> shot() {
    acquisition<double> a{{7, 3}, {}, ricker_wavelet<double>(8, dt, samples)};
    for (int ix = 0; ix < nx; ix += 4)
      a.receivers.push_back({ix, 2});
    return a;
  }
};

}  // namespace

TEST_CASE("the two analytic solutions agree as the time step goes to zero") {
  const double dt = 5e-4;
  const std::vector<double> wavelet = ricker_wavelet<double>(5, dt, 1801);

  const double coarse = relative_error(leapfrog_trace(wavelet, velocity, 500, dt),
                                       exact_trace(5, velocity, 500, dt, 1801));

  MESSAGE("difference at dt 0.5 ms: ", coarse);
  CHECK(coarse < 3e-4);
}

TEST_CASE("the record converges to the analytic solution at second order in time and space") {
  const double order = observed_order<8>(0.2, reference::continuous_time, "order 8, exact");
  CHECK(order > 1.9);
  CHECK(order < 2.1);
}

TEST_CASE("the error in space falls at the order of the stencil") {
  CHECK(std::abs(observed_order<2>(0.4, reference::leapfrog_time, "order 2, space only") - 2) <
        0.2);
  CHECK(std::abs(observed_order<4>(0.4, reference::leapfrog_time, "order 4, space only") - 4) <
        0.2);
  CHECK(std::abs(observed_order<8>(0.4, reference::leapfrog_time, "order 8, space only") - 8) <
        0.6);
}

TEST_CASE("source and receiver can be exchanged") {
  const medium<double> m = small_shot::prepared(small_shot::model());
  acquisition<double> there = small_shot::shot();
  there.receivers = {{33, 28}};
  acquisition<double> back = there;
  std::swap(back.source, back.receivers[0]);

  const double error = relative_error(simulation<double, 8>(m, back).record(),
                                      simulation<double, 8>(m, there).record());

  MESSAGE("relative difference of the two records: ", error);
  CHECK(error < 1e-12);
}

TEST_CASE("the adjoint passes the dot-product test") {
  const medium<double> m = small_shot::prepared(small_shot::model());
  simulation<double, 8> s(m, small_shot::shot());
  std::vector<double> dm = random_values(m.slowness2.size(), 1);
  const std::vector<double> r = random_values(s.record_with_checkpoints().size(), 2);

  const double forward = dot(s.born(dm), r);
  const double backward = dot(dm, s.adjoint(r));

  MESSAGE("<born(d), r> = ", forward, ", <d, adjoint(r)> = ", backward, ", relative difference ",
          std::abs(forward - backward) / std::abs(forward));
  CHECK(std::abs(forward - backward) < 1e-11 * std::abs(forward));
}

TEST_CASE("the gradient passes the Taylor test to second order") {
  const std::vector<double> start = small_shot::model();
  std::vector<double> direction = random_values(start.size(), 3);
  for (std::size_t i = 0; i < start.size(); ++i)
    direction[i] *= 0.02 * start[i];
  std::vector<double> truth = start;
  for (std::size_t i = 0; i < truth.size(); ++i)
    truth[i] *= 0.97;
  const medium<double> true_medium = small_shot::prepared(truth);
  const std::vector<double> observed =
      simulation<double, 8>(true_medium, small_shot::shot()).record();
  const auto misfit = [&](double h) {
    std::vector<double> moved = start;
    for (std::size_t i = 0; i < moved.size(); ++i)
      moved[i] += h * direction[i];
    const medium<double> m = small_shot::prepared(std::move(moved));
    const auto d = difference(simulation<double, 8>(m, small_shot::shot()).record(), observed);
    return 0.5 * dot(d, d);
  };
  const medium<double> m = small_shot::prepared(start);
  simulation<double, 8> s(m, small_shot::shot());
  const auto residual = difference(s.record_with_checkpoints(), observed);

  const double slope = dot(s.adjoint(residual), direction);

  const double at_start = 0.5 * dot(residual, residual);
  double previous = 0;
  for (double h : {1.0, 0.5, 0.25, 0.125, 0.0625}) {
    const double remainder = std::abs(misfit(h) - at_start - h * slope);
    const double order = previous > 0 ? std::log2(previous / remainder) : 2;
    MESSAGE("h ", h, ", |J(m + h d) - J(m) - h <g, d>| ", remainder, ", order ", order);
    CHECK(std::abs(order - 2) < 0.1);
    previous = remainder;
  }
}

TEST_CASE("the single-precision gradient agrees with the double-precision one") {
  const medium<double> m = small_shot::prepared(small_shot::model());
  simulation<double, 8> s(m, small_shot::shot());
  const std::vector<double> expected = s.adjoint(s.record_with_checkpoints());
  const medium<float> single =
      make_medium(std::vector<float>(m.slowness2.begin(), m.slowness2.end()), small_shot::nx,
                  small_shot::nz, small_shot::dx, small_shot::dt, absorbing_frame{.width = 8});
  const acquisition<double> shot = small_shot::shot();
  simulation<float, 8> f(single, {shot.source, shot.receivers,
                                  std::vector<float>(shot.wavelet.begin(), shot.wavelet.end())});

  const std::vector<float> got = f.adjoint(f.record_with_checkpoints());

  const double error = relative_error(std::vector<double>(got.begin(), got.end()), expected);
  MESSAGE("relative difference of the gradients: ", error);
  CHECK(error < 1e-4);
}

TEST_CASE("the frame absorbs to -50 dB and stays quiet") {
  constexpr double dx = 20, dt = 0.004, frequency = 5;
  constexpr int samples = 600;
  const auto record = [&](int n, absorbing_frame frame, int length) {
    const auto m =
        make_medium(std::vector<double>(static_cast<std::size_t>(n * n), 1 / (velocity * velocity)),
                    n, n, dx, dt, frame);
    acquisition<double> a{{n / 2, n / 2 - 50}, {}, ricker_wavelet<double>(frequency, dt, length)};
    for (int k = -50; k <= 50; k += 10)
      a.receivers.push_back({n / 2 + k, n / 2 - 50});
    return simulation<double, 8>(m, a).record();
  };
  const std::vector<double> unbounded = record(701, {.width = 0}, samples);

  const std::vector<double> got = record(121, {}, 10 * samples);

  const std::size_t receivers = 11;
  double echo = 0, direct = 0, late = 0;
  for (std::size_t i = 0; i < unbounded.size(); ++i) {
    echo = std::max(echo, std::abs(got[i] - unbounded[i]));
    if (i % receivers == 0) direct = std::max(direct, std::abs(unbounded[i]));
  }
  for (std::size_t i = 9 * unbounded.size(); i < got.size(); ++i) {
    late = std::max(late, std::abs(got[i]));
  }
  MESSAGE("largest echo ", 20 * std::log10(echo / direct),
          " dB of the direct wave at 1 km; after 20 s ", 20 * std::log10(late / direct), " dB");
  CHECK(echo < 0.003 * direct);
  CHECK(late < 1e-4 * direct);
}

TEST_CASE("an unstable time step and a receiver outside are refused with the limits") {
  const auto m = make_medium(std::vector<double>(100, 1 / (velocity * velocity)), 10, 10, 20.0,
                             0.006, absorbing_frame{.width = 0});
  const acquisition<double> shot{{5, 5}, {{2, 2}}, std::vector<double>(10)};
  CHECK_THROWS_WITH_AS((simulation<double, 8>(m, shot)), doctest::Contains("must not exceed 5.546"),
                       std::invalid_argument);

  const auto stable = make_medium(std::vector<double>(100, 1 / (velocity * velocity)), 10, 10, 20.0,
                                  0.005, absorbing_frame{.width = 0});
  const acquisition<double> outside{{5, 5}, {{2, 10}}, std::vector<double>(10)};
  CHECK_THROWS_WITH_AS((simulation<double, 8>(stable, outside)),
                       doctest::Contains("(2, 10) is outside the model of 10 x 10"),
                       std::invalid_argument);
}

TEST_CASE("an adjoint run of Marmousi fits a worker") {
  const padded_grid marmousi = make_grid<float>(851, 176, 14);
  const double megabytes = static_cast<double>(adjoint_memory_bytes<float>(marmousi, 2001)) / 1e6;
  MESSAGE("851 x 176 nodes, 2001 samples: ", megabytes, " MB");
  CHECK(megabytes < 200);
}
