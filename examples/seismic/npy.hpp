// SPDX-License-Identifier: MIT
// Arrays in NumPy's .npy format, version 1.0: float32, little-endian, C order, as numpy.load reads
// them. Source: numpy.lib.format, NEP 1.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace seismic {

struct npy_array {
  std::vector<std::size_t> shape;
  std::vector<float> values;  ///< the last index fast
};

/// Writes or replaces the file. Throws std::invalid_argument when the shape does not hold the
/// values, std::runtime_error when the file cannot be written.
void write_npy(const std::string& path, const npy_array& array);

/// Reads what write_npy writes. Throws std::runtime_error that says what is wrong with another
/// file.
npy_array read_npy(const std::string& path);

}  // namespace seismic
