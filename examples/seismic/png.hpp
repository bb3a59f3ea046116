// SPDX-License-Identifier: MIT
// 8-bit RGB pictures as PNG files, by libpng. What is drawn is left to picture.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace seismic {

struct rgb {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;
  bool operator==(const rgb&) const = default;
};

/// Rows from the top, pixels from the left.
struct image {
  int width = 0;
  int height = 0;
  std::vector<rgb> pixels;

  image() = default;
  image(int w, int h, rgb fill)
      : width(w),
        height(h),
        pixels(static_cast<std::size_t>(w) * static_cast<std::size_t>(h), fill) {}
  rgb& at(int x, int y) {
    return pixels[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                  static_cast<std::size_t>(x)];
  }
  const rgb& at(int x, int y) const { return const_cast<image*>(this)->at(x, y); }
};

/// Both throw std::runtime_error with libpng's reason.
void write_png(const std::string& path, const image& picture);
image read_png(const std::string& path);

}  // namespace seismic
