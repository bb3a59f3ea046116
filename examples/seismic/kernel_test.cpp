// SPDX-License-Identifier: MIT
#include "kernel.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "grid.hpp"

using namespace seismic;

namespace {

template <class T>
struct arrays {
  padded_grid grid = make_grid<T>(37, 45, 0);
  field<T> previous = random(1), current = random(2), courant2 = random(3), increment = random(4),
           image = random(5);
  field<T> ones = field<T>(64, T(1));

  field<T> random(unsigned seed) const {
    std::mt19937 engine(seed);
    std::uniform_real_distribution<double> value(-1, 1);
    std::vector<T> model(37 * 45);
    for (T& v : model)
      v = static_cast<T>(value(engine));
    return extend(grid, model);
  }
  sweep_args<T> args() {
    sweep_args<T> a;
    a.previous = previous.data() + grid.origin;
    a.current = current.data() + grid.origin;
    a.courant2 = courant2.data() + grid.origin;
    a.damping_x = a.inverse_x = a.damping_z = a.inverse_z = ones.data();
    a.increment = increment.data() + grid.origin;
    a.image = image.data() + grid.origin;
    a.stride = grid.stride;
    a.rows = grid.rows();
    a.columns = grid.columns;
    return a;
  }
};

template <class T>
double largest_difference(const field<T>& a, const field<T>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  }
  return largest;
}

template <class T, int Order>
void compare_instruction_sets(double tolerance) {
  for (sweep_mode mode : {sweep_mode::advance, sweep_mode::store, sweep_mode::correlate}) {
    arrays<T> expected;
    sweep<T, Order>(expected.args(), mode, isa::baseline);
    for (isa set : supported_isas()) {
      arrays<T> got;
      sweep<T, Order>(got.args(), mode, set);
      INFO("instruction set ", name(set));
      CHECK(largest_difference(got.previous, expected.previous) < tolerance);
      CHECK(largest_difference(got.increment, expected.increment) < tolerance);
      CHECK(largest_difference(got.image, expected.image) < tolerance);
    }
  }
}

}  // namespace

TEST_CASE("every instruction set computes the same step") {
  compare_instruction_sets<float, 8>(2e-5);
  compare_instruction_sets<double, 8>(2e-14);
  compare_instruction_sets<double, 4>(2e-14);
  compare_instruction_sets<double, 2>(2e-14);
}

TEST_CASE("a step equals the difference formula written out") {
  arrays<double> a;
  const arrays<double> before;
  sweep<double, 4>(a.args(), sweep_mode::store);

  const auto u = [&](int ix, int iz) { return before.current[before.grid.at(ix, iz)]; };
  for (auto [ix, iz] : {std::pair{0, 0}, {5, 44}, {36, 20}, {18, 22}}) {
    const std::size_t at = before.grid.at(ix, iz);
    const double laplacian =
        -5 * u(ix, iz) + 4.0 / 3 * (u(ix - 1, iz) + u(ix + 1, iz) + u(ix, iz - 1) + u(ix, iz + 1)) -
        1.0 / 12 * (u(ix - 2, iz) + u(ix + 2, iz) + u(ix, iz - 2) + u(ix, iz + 2));
    const double w = before.courant2[at] * laplacian;
    CHECK(a.increment[at] == doctest::Approx(w).epsilon(1e-12));
    CHECK(a.previous[at] ==
          doctest::Approx(2 * before.current[at] - before.previous[at] + w).epsilon(1e-12));
  }
}

TEST_CASE("nothing is written around the grid") {
  arrays<float> a;
  sweep<float, 8>(a.args(), sweep_mode::advance);

  field<float> inside(a.grid.size, 0.0F);
  for (int ix = 0; ix < 37; ++ix) {
    for (int iz = 0; iz < 45; ++iz)
      inside[a.grid.at(ix, iz)] = a.previous[a.grid.at(ix, iz)];
  }
  CHECK(largest_difference(a.previous, inside) == 0);
}
