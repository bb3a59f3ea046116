// SPDX-License-Identifier: MIT
// Values that are arrays of numbers as NumPy's .npy files: which values are, and the file's head.
// Pure. Source of the format: NumPy, "numpy.lib.format", version 1.0.
#pragma once

#include <optional>
#include <string>

#include "cli/values.hpp"

namespace clusterless::cli {

struct npy_file {
  std::string head = {};  ///< magic, version and the dictionary, padded to 64 bytes
  bytes data = {};        ///< what follows; lies in the value
};

/// The value as a .npy file when it is a list, array or fixed list of numbers or bools, or of fixed
/// lists of those (then with more dimensions). Throws `error` (failed) as decode_value does.
std::optional<npy_file> as_npy(const type& of, bytes value);

}  // namespace clusterless::cli
