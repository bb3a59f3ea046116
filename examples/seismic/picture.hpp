// SPDX-License-Identifier: MIT
// Pictures of gridded values with axes and a colour bar: velocity models, gradients, shot records,
// and the fall of the misfit. It promises the stated pixel size of the plot, ticks at round numbers
// and a colour map fit for what is shown; where the values come from is the caller's.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "png.hpp"

namespace seismic {

enum class palette {
  sequential,  ///< dark blue to yellow, even in lightness: velocities
  diverging,   ///< blue, white, red around zero: gradients and differences
  grey,        ///< black, grey, white around zero: wave fields
};

/// The colour at `share` 0 to 1 of a palette; beyond, its end.
rgb color_of(palette colors, double share);

/// Labels are drawn in lower case.
struct axis {
  std::string label;
  double begin = 0;  ///< value at the left or upper edge
  double end = 1;
};

struct plot {
  std::string title;
  axis horizontal;
  axis vertical;
  palette colors = palette::sequential;
  double low = 0;  ///< values drawn in the first and the last colour
  double high = 1;
  std::string bar_label;
  int width = 1000;  ///< pixels of the plot itself
  int height = 400;
};

/// values(i, j): column i of `columns`, row j of `rows` from the top. Averaged when the plot has
/// fewer pixels, interpolated when it has more.
image draw(const plot& p, int columns, int rows, const std::function<float(int, int)>& values);

/// A curve through points at 0, 1, 2, ... with a mark at each; the vertical axis starts at zero.
image draw_curve(const std::string& title, const std::string& horizontal_label,
                 const std::string& vertical_label, const std::vector<double>& points);

/// The value below which `share` of the absolute values lie: a clip that outliers do not set.
double clip_level(const std::vector<float>& values, double share);

}  // namespace seismic
