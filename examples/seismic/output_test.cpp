// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

#include "npy.hpp"
#include "picture.hpp"
#include "png.hpp"
#include "test_directory.hpp"

using namespace seismic;

namespace {

image gradient_picture(int width, int height) {
  plot p;
  p.width = width;
  p.height = height;
  p.low = 0;
  p.high = 9;
  return draw(p, 10, 5, [](int i, int) { return static_cast<float>(i); });
}

}  // namespace

TEST_CASE("an array comes back from its npy file") {
  const test_directory directory;
  const npy_array array{{2, 3}, {1, 2, 3, 4.5F, -5, 1e-30F}};

  write_npy(directory / "a.npy", array);
  const npy_array back = read_npy(directory / "a.npy");

  CHECK(back.shape == array.shape);
  CHECK(back.values == array.values);
}

TEST_CASE("numpy reads an npy file") {
  if (std::system("/usr/bin/python3 -c 'import numpy' 2>/dev/null") != 0) {
    MESSAGE("no numpy here to read it with");
    return;
  }
  const test_directory directory;
  write_npy(directory / "a.npy", {{2, 3}, {1, 2, 3, 4.5F, -5, 6}});
  write_npy(directory / "b.npy", {{4}, {1, 2, 3, 4}});

  const std::string program =
      "import numpy; a = numpy.load('" + (directory / "a.npy") + "'); b = numpy.load('" +
      (directory / "b.npy") +
      "'); assert a.shape == (2, 3) and a.dtype == numpy.float32 and a[1, 0] == 4.5; "
      "assert b.tolist() == [1, 2, 3, 4]";
  CHECK(std::system(("/usr/bin/python3 -c \"" + program + "\"").c_str()) == 0);
}

TEST_CASE("what is no npy array is refused") {
  const test_directory directory;
  CHECK_THROWS_AS(write_npy(directory / "a.npy", {{2, 2}, {1, 2, 3}}), std::invalid_argument);
  CHECK_THROWS_AS(write_npy(directory / "none/a.npy", {{1}, {1}}), std::runtime_error);
  CHECK_THROWS_WITH_AS(read_npy(directory / "none.npy"), doctest::Contains("no such file"),
                       std::runtime_error);

  write_npy(directory / "a.npy", {{2, 2}, {1, 2, 3, 4}});
  std::stringstream bytes;
  bytes << std::ifstream(directory / "a.npy", std::ios::binary).rdbuf();
  std::ofstream(directory / "a.npy", std::ios::binary) << bytes.str().substr(0, 140);
  CHECK_THROWS_WITH_AS(read_npy(directory / "a.npy"),
                       doctest::Contains("12 bytes of values are not what its shape says"),
                       std::runtime_error);
}

TEST_CASE("a picture comes back from its png file") {
  const test_directory directory;
  image picture(7, 5, {255, 255, 255});
  picture.at(3, 2) = {10, 20, 30};

  write_png(directory / "a.png", picture);
  const image back = read_png(directory / "a.png");

  CHECK(back.width == 7);
  CHECK(back.height == 5);
  CHECK(back.pixels == picture.pixels);
  CHECK_THROWS_WITH_AS(write_png(directory / "none/a.png", picture),
                       doctest::Contains("cannot write"), std::runtime_error);
}

TEST_CASE("a plot shows low values in the first colour and high ones in the last") {
  const image picture = gradient_picture(200, 100);

  // The plot lies between margins; its left and right ends are flat for half a column of data.
  int left = 0;
  while (picture.at(left, 90) != color_of(palette::sequential, 0))
    ++left;
  CHECK(picture.at(left + 199, 90) == color_of(palette::sequential, 1));
  CHECK(picture.at(left + 100, 90) != picture.at(left, 90));
}

TEST_CASE("the zero of a diverging palette is neutral and its ends are red and blue") {
  CHECK(color_of(palette::diverging, 0.5) == rgb{247, 247, 247});
  CHECK(color_of(palette::diverging, -3).blue > color_of(palette::diverging, -3).red);
  CHECK(color_of(palette::diverging, 7).red > color_of(palette::diverging, 7).blue);
  CHECK(color_of(palette::grey, 1) == rgb{255, 255, 255});
}

TEST_CASE("the clip level leaves outliers above it") {
  std::vector<float> values(99, -1.0F);
  values.push_back(1000);
  CHECK(clip_level(values, 0.98) == 1);
  CHECK(clip_level({0, 0}, 0.5) == 1);
}
