// SPDX-License-Identifier: MIT
#include "model.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>

#include "test_directory.hpp"

using namespace seismic;

namespace {

void write_floats(const std::string& path, const std::vector<float>& values) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(float)));
}

}  // namespace

TEST_CASE("a raw model is read with depth as the fast axis") {
  const test_directory directory;
  write_floats(directory / "v.bin", {1500, 1600, 1700, 2500, 2600, 2700});

  const velocity_model m = load_velocity(directory / "v.bin", 2, 3, 20);

  CHECK(m.at(0, 2) == 1700);
  CHECK(m.at(1, 0) == 2500);
}

TEST_CASE("a file that is no such model is refused with its size or value") {
  const test_directory directory;
  write_floats(directory / "v.bin", {1500, 1600, 1700, 2500, 2600, -1});

  CHECK_THROWS_WITH_AS(load_velocity(directory / "none.bin", 2, 3, 20),
                       doctest::Contains("No such file"), std::runtime_error);
  CHECK_THROWS_WITH_AS(load_velocity(directory / "v.bin", 2, 4, 20),
                       doctest::Contains("has 24 bytes, but 2 x 4 float32 values are 32"),
                       std::runtime_error);
  CHECK_THROWS_WITH_AS(load_velocity(directory / "v.bin", 2, 3, 20),
                       doctest::Contains("-1.000000 at value 5"), std::runtime_error);
  write_floats(directory / "v.bin",
               {1500, 1600, 1700, 2500, std::numeric_limits<float>::quiet_NaN(), 1});
  CHECK_THROWS_WITH_AS(load_velocity(directory / "v.bin", 2, 3, 20),
                       doctest::Contains("at value 4"), std::runtime_error);
}

TEST_CASE("the layered model is water over faster rock") {
  const velocity_model m = layered_velocity(151, 61, 30);

  CHECK(water_rows(m) == 8);
  const auto [low, high] = std::minmax_element(m.velocity.begin(), m.velocity.end());
  CHECK(*low == 1500);
  CHECK(*high == 4000);
}

TEST_CASE("smoothing keeps the water and a uniform model and lowers contrasts") {
  const velocity_model m = layered_velocity(151, 61, 30);
  const int water = water_rows(m);

  const velocity_model smooth = smoothed(m, 120, water);

  CHECK(water_rows(smooth) == water);
  const auto roughness = [](const velocity_model& v) {
    double sum = 0;
    for (int iz = 10; iz + 1 < v.nz; ++iz)
      sum += std::abs(v.at(75, iz + 1) - v.at(75, iz));
    return sum;
  };
  CHECK(roughness(smooth) < 0.7 * roughness(m));
  const velocity_model uniform{5, 5, 10, std::vector<float>(25, 2000)};
  for (float v : smoothed(uniform, 30, 0).velocity)
    CHECK(v == doctest::Approx(2000));
}

TEST_CASE("coarsening averages slowness and keeps the extent") {
  velocity_model m{5, 5, 10, std::vector<float>(25, 2000)};
  m.velocity[12] = 1000;  // node (2, 2)

  const velocity_model coarse = coarsened(m, 2);

  CHECK(coarse.nx == 3);
  CHECK(coarse.dx == 20);
  CHECK(coarse.at(0, 0) == doctest::Approx(2000));
  CHECK(coarse.at(1, 1) == doctest::Approx(1600));  // 4 / (3 / 2000 + 1 / 1000)
}
