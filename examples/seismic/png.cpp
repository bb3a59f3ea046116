// SPDX-License-Identifier: MIT
#include "png.hpp"

#include <png.h>

#include <stdexcept>

namespace seismic {

static_assert(sizeof(rgb) == 3, "libpng takes the pixels as they lie in memory");

void write_png(const std::string& path, const image& picture) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<png_uint_32>(picture.width);
  png.height = static_cast<png_uint_32>(picture.height);
  png.format = PNG_FORMAT_RGB;
  if (png_image_write_to_file(&png, path.c_str(), 0, picture.pixels.data(), 0, nullptr) == 0) {
    throw std::runtime_error("cannot write " + path + ": " + png.message);
  }
}

image read_png(const std::string& path) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_file(&png, path.c_str()) == 0) {
    throw std::runtime_error("cannot read " + path + ": " + png.message);
  }
  png.format = PNG_FORMAT_RGB;
  image picture(static_cast<int>(png.width), static_cast<int>(png.height), {});
  if (png_image_finish_read(&png, nullptr, picture.pixels.data(), 0, nullptr) == 0) {
    throw std::runtime_error("cannot read " + path + ": " + png.message);
  }
  return picture;
}

}  // namespace seismic
