// SPDX-License-Identifier: MIT
// A bitmap font for the labels of the pictures: lower case, digits and a few signs, five by nine
// pixels with two rows below the line.
#pragma once

#include <array>
#include <cstdint>

namespace seismic {

inline constexpr int glyph_width = 5;
inline constexpr int glyph_height = 9;
inline constexpr int glyph_descent = 2;

/// One byte a row from the top; the five low bits are the pixels from left to right. A character
/// the font lacks is blank.
using glyph = std::array<std::uint8_t, glyph_height>;
glyph glyph_of(char character);

}  // namespace seismic
