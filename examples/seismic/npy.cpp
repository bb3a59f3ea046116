// SPDX-License-Identifier: MIT
#include "npy.hpp"

#include <bit>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <string_view>

namespace seismic {
namespace {

static_assert(std::endian::native == std::endian::little,
              "values are written as they lie in memory");

constexpr std::string_view magic("\x93NUMPY\x01\x00", 8);
constexpr std::string_view before_shape = "{'descr': '<f4', 'fortran_order': False, 'shape': (";

std::string shape_text(const std::vector<std::size_t>& shape) {
  std::string text;
  for (std::size_t n : shape)
    text += std::to_string(n) + ", ";
  if (shape.size() > 1) text.resize(text.size() - 2);
  return text;
}

[[noreturn]] void unreadable(const std::string& path, const std::string& why) {
  throw std::runtime_error("cannot read " + path + ": " + why);
}

std::vector<std::size_t> parse_shape(const std::string& path, const std::string& header) {
  if (header.compare(0, before_shape.size(), before_shape) != 0) {
    unreadable(path, "not a C-ordered little-endian float32 array");
  }
  std::vector<std::size_t> shape;
  std::size_t at = before_shape.size();
  while (at < header.size() && header[at] != ')') {
    if (header[at] == ',' || header[at] == ' ') {
      ++at;
      continue;
    }
    std::size_t digits = 0;
    try {
      shape.push_back(std::stoull(header.substr(at), &digits));
    } catch (const std::logic_error&) {
      unreadable(path, "its shape is not a list of numbers");
    }
    at += digits;
  }
  return shape;
}

}  // namespace

void write_npy(const std::string& path, const npy_array& array) {
  const std::size_t count =
      std::accumulate(array.shape.begin(), array.shape.end(), std::size_t{1}, std::multiplies<>());
  if (count != array.values.size()) {
    throw std::invalid_argument("the shape of " + path + " holds " + std::to_string(count) +
                                " values, not the " + std::to_string(array.values.size()) +
                                " given");
  }
  std::string header = std::string(before_shape) + shape_text(array.shape) + "), }";
  constexpr std::size_t alignment = 64;
  while ((magic.size() + 2 + header.size() + 1) % alignment != 0)
    header += ' ';
  header += '\n';
  std::ofstream file(path, std::ios::binary);
  file.write(magic.data(), static_cast<std::streamsize>(magic.size()));
  file.put(static_cast<char>(header.size() & 0xff)).put(static_cast<char>(header.size() >> 8));
  file.write(header.data(), static_cast<std::streamsize>(header.size()));
  file.write(reinterpret_cast<const char*>(array.values.data()),
             static_cast<std::streamsize>(count * sizeof(float)));
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

npy_array read_npy(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) unreadable(path, "no such file, or no permission");
  std::string start(magic.size() + 2, '\0');
  if (!file.read(start.data(), static_cast<std::streamsize>(start.size())) ||
      !start.starts_with(magic)) {
    unreadable(path, "not a .npy file of version 1.0");
  }
  const std::size_t length =
      static_cast<unsigned char>(start[8]) + 256U * static_cast<unsigned char>(start[9]);
  std::string header(length, '\0');
  if (!file.read(header.data(), static_cast<std::streamsize>(length))) {
    unreadable(path, "its header is cut short");
  }
  npy_array array{parse_shape(path, header), {}};
  const std::uintmax_t size = std::filesystem::file_size(path) - start.size() - length;
  std::size_t count = 1;
  for (std::size_t n : array.shape) {
    if (n != 0 && count > size / n) unreadable(path, "it is shorter than its shape says");
    count *= n;
  }
  if (size % sizeof(float) != 0 || count != size / sizeof(float)) {
    unreadable(path,
               "its " + std::to_string(size) + " bytes of values are not what its shape says");
  }
  array.values.resize(count);
  file.read(reinterpret_cast<char*>(array.values.data()), static_cast<std::streamsize>(size));
  if (!file) unreadable(path, "its values are cut short");
  return array;
}

}  // namespace seismic
