// SPDX-License-Identifier: MIT
#include "options.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "npy.hpp"
#include "report.hpp"
#include "test_directory.hpp"

using namespace seismic;

namespace {

bool parse(std::vector<std::string> words, options& chosen, int& exit_code) {
  words.insert(words.begin(), "seismic");
  std::vector<char*> argv;
  for (std::string& w : words)
    argv.push_back(w.data());
  return parse_options(static_cast<int>(argv.size()), argv.data(), chosen, exit_code);
}

}  // namespace

TEST_CASE("the command line is read") {
  options chosen;
  int exit_code = -1;

  CHECK(parse({"--shots", "5", "--freq", "2.5", "--small", "--out", "there"}, chosen, exit_code));

  CHECK(chosen.shots == 5);
  CHECK(chosen.frequency == 2.5);
  CHECK(chosen.small);
  CHECK(chosen.out == "there");
}

TEST_CASE("a wrong word on the command line ends the program with an error") {
  options chosen;
  int exit_code = 0;
  CHECK_FALSE(parse({"--shots", "-3"}, chosen, exit_code));
  CHECK(exit_code != 0);
  CHECK_FALSE(parse({"--shorts", "3"}, chosen, exit_code));
  CHECK(exit_code != 0);
}

TEST_CASE("the small case is half as fine and half as high") {
  options chosen;
  chosen.small = true;

  const inversion_case c = make_case(chosen);

  CHECK(c.truth.nx == 151);
  CHECK(c.truth.dx == 40);
  CHECK(c.acquisition.frequency == 3.5);
  CHECK(c.shots == 8);
  CHECK(c.groups == 4);
  CHECK(c.acquisition.samples * c.acquisition.dt >= 2.5);
}

TEST_CASE("cases that cannot run are refused with the limit") {
  options chosen;
  chosen.frequency = 20;
  CHECK_THROWS_WITH_AS(make_case(chosen), doctest::Contains("the limit is 7.5 Hz"),
                       std::invalid_argument);
  chosen = {};
  chosen.shots = 400;
  CHECK_THROWS_WITH_AS(make_case(chosen), doctest::Contains("400 shots on a model of 301 columns"),
                       std::invalid_argument);
  chosen = {};
  chosen.smooth = "smooth.bin";
  CHECK_THROWS_WITH_AS(make_case(chosen), doctest::Contains("--smooth needs --model"),
                       std::invalid_argument);
}

TEST_CASE("a raw model of the stated size makes a case") {
  const test_directory directory;
  const velocity_model m = layered_velocity(80, 40, 20);
  std::ofstream(directory / "v.bin", std::ios::binary)
      .write(reinterpret_cast<const char*>(m.velocity.data()),
             static_cast<std::streamsize>(m.velocity.size() * sizeof(float)));
  options chosen;
  chosen.model = directory / "v.bin";
  chosen.nx = 80;
  chosen.nz = 40;

  CHECK(make_case(chosen).truth.velocity == m.velocity);
  chosen.nz = 41;
  CHECK_THROWS_WITH_AS(make_case(chosen), doctest::Contains("set --nx and --nz to its size"),
                       std::runtime_error);
}

TEST_CASE("a report leaves an array and a picture of each thing") {
  const test_directory directory;
  options chosen;
  chosen.small = true;
  const inversion_case c = make_case(chosen);
  report out(directory / "out");

  out.model("model", "model", c.truth);
  const std::vector<float> pressure(static_cast<std::size_t>(c.acquisition.samples) * 151, 1.0F);
  out.record("record", "record", c.acquisition, c.truth, pressure.data());
  out.gradient("gradient", {1, std::vector<float>(c.truth.velocity.size(), 1.0F), {}}, c.truth, 3);
  out.misfit("misfit", {4, 2, 1});

  for (const char* name : {"model", "record", "gradient", "misfit"}) {
    CHECK(std::filesystem::file_size(directory / ("out/" + std::string(name) + ".png")) > 500);
    CHECK_FALSE(read_npy(directory / ("out/" + std::string(name) + ".npy")).values.empty());
  }
  CHECK(read_npy(directory / "out/model.npy").shape == std::vector<std::size_t>{151, 51});
  CHECK_THROWS_WITH_AS(report("/proc/none"), doctest::Contains("cannot make the folder"),
                       std::runtime_error);
}
