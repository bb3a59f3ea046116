// SPDX-License-Identifier: MIT
#include "picture.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <span>

#include "font.hpp"

namespace seismic {
namespace {

constexpr rgb white{255, 255, 255}, ink{40, 40, 40}, faint{215, 215, 215}, accent{31, 90, 160};
constexpr int text_scale = 2;
constexpr int advance = (glyph_width + 1) * text_scale;
constexpr int left_margin = 84, right_margin = 118, top_margin = 40, bottom_margin = 62;
constexpr int tick_length = 6;

// The first palette takes its anchors from viridis (matplotlib, CC0).
constexpr std::array<rgb, 9> sequential{{{68, 1, 84},
                                         {71, 44, 122},
                                         {59, 81, 139},
                                         {44, 113, 142},
                                         {33, 144, 141},
                                         {39, 173, 129},
                                         {92, 200, 99},
                                         {170, 220, 50},
                                         {253, 231, 37}}};
constexpr std::array<rgb, 5> diverging{
    {{12, 48, 106}, {82, 150, 205}, {247, 247, 247}, {222, 104, 82}, {112, 6, 36}}};
constexpr std::array<rgb, 2> grey{{{0, 0, 0}, {255, 255, 255}}};

rgb between(std::span<const rgb> anchors, double share) {
  const double position = std::clamp(share, 0.0, 1.0) * static_cast<double>(anchors.size() - 1);
  const auto k = std::min(static_cast<std::size_t>(position), anchors.size() - 2);
  const double t = position - static_cast<double>(k);
  const auto mix = [t](std::uint8_t a, std::uint8_t b) {
    return static_cast<std::uint8_t>(std::lround(a + t * (b - a)));
  };
  const rgb& a = anchors[k];
  const rgb& b = anchors[k + 1];
  return {mix(a.red, b.red), mix(a.green, b.green), mix(a.blue, b.blue)};
}

void put(image& picture, int x, int y, rgb color) {
  if (x >= 0 && x < picture.width && y >= 0 && y < picture.height) picture.at(x, y) = color;
}

void fill(image& picture, int x, int y, int width, int height, rgb color) {
  for (int j = y; j < y + height; ++j) {
    for (int i = x; i < x + width; ++i)
      put(picture, i, j, color);
  }
}

void outline(image& picture, int x, int y, int width, int height) {
  fill(picture, x - 1, y - 1, width + 2, 1, ink);
  fill(picture, x - 1, y + height, width + 2, 1, ink);
  fill(picture, x - 1, y - 1, 1, height + 2, ink);
  fill(picture, x + width, y - 1, 1, height + 2, ink);
}

int text_width(const std::string& text) {
  return static_cast<int>(text.size()) * advance;
}

// Upper left corner at (x, y); `upright` text runs from bottom to top, starting at (x, y).
void write(image& picture, int x, int y, const std::string& text, bool upright = false) {
  for (std::size_t n = 0; n < text.size(); ++n) {
    const glyph rows = glyph_of(text[n]);
    for (int j = 0; j < glyph_height * text_scale; ++j) {
      for (int i = 0; i < glyph_width * text_scale; ++i) {
        const int bit = glyph_width - 1 - i / text_scale;
        if ((rows[static_cast<std::size_t>(j / text_scale)] >> bit & 1) == 0) continue;
        const int along = static_cast<int>(n) * advance + i;
        upright ? put(picture, x + j, y - along, ink) : put(picture, x + along, y + j, ink);
      }
    }
  }
}

// Round numbers between two values, about `wanted` of them.
std::vector<double> ticks(double begin, double end, int wanted) {
  const double low = std::min(begin, end), high = std::max(begin, end);
  const double rough = (high - low) / wanted;
  if (!(rough > 0)) return {low};
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (double factor : {5.0, 2.0, 1.0}) {
    if (factor * power >= rough) step = factor * power;
  }
  std::vector<double> values;
  for (double k = std::ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; ++k) {
    values.push_back(k == 0 ? 0 : k * step);
  }
  return values;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

void draw_horizontal_axis(image& picture, const axis& a, int width, int height) {
  const int y = top_margin + height;
  for (double value : ticks(a.begin, a.end, std::max(2, width / 110))) {
    const int x =
        left_margin +
        static_cast<int>(std::lround((value - a.begin) / (a.end - a.begin) * (width - 1)));
    fill(picture, x, y, 2, tick_length, ink);
    const std::string text = number(value);
    write(picture, x - text_width(text) / 2, y + tick_length + 3, text);
  }
  write(picture, left_margin + (width - text_width(a.label)) / 2, y + 34, a.label);
}

void draw_vertical_axis(image& picture, const axis& a, int height) {
  for (double value : ticks(a.begin, a.end, std::clamp(height / 45, 2, 8))) {
    const int y =
        top_margin +
        static_cast<int>(std::lround((value - a.begin) / (a.end - a.begin) * (height - 1)));
    fill(picture, left_margin - tick_length, y, tick_length, 2, ink);
    const std::string text = number(value);
    write(picture, left_margin - tick_length - 4 - text_width(text), y - 7, text);
  }
  write(picture, 4, top_margin + (height + text_width(a.label)) / 2, a.label, true);
}

void draw_bar(image& picture, const plot& p) {
  constexpr int bar_width = 18;
  const int x = left_margin + p.width + 16;
  for (int j = 0; j < p.height; ++j) {
    fill(picture, x, top_margin + j, bar_width, 1, color_of(p.colors, 1 - (j + 0.5) / p.height));
  }
  outline(picture, x, top_margin, bar_width, p.height);
  for (double value : ticks(p.low, p.high, std::clamp(p.height / 50, 2, 6))) {
    const double share = (value - p.low) / (p.high - p.low);
    const int y = top_margin + static_cast<int>(std::lround((1 - share) * (p.height - 1)));
    fill(picture, x + bar_width, y, tick_length, 2, ink);
    write(picture, x + bar_width + tick_length + 3, y - 7, number(value));
  }
  write(picture, std::min(x, picture.width - 4 - text_width(p.bar_label)), 10, p.bar_label);
}

// The value at a fractional position, interpolated between the four nodes around it.
double interpolated(const std::function<float(int, int)>& values, int columns, int rows, double x,
                    double y) {
  x = std::clamp(x, 0.0, columns - 1.0);
  y = std::clamp(y, 0.0, rows - 1.0);
  const int i = std::min(static_cast<int>(x), std::max(0, columns - 2));
  const int j = std::min(static_cast<int>(y), std::max(0, rows - 2));
  const double s = x - i, t = y - j;
  const int right = std::min(i + 1, columns - 1), below = std::min(j + 1, rows - 1);
  const auto at = [&](int a, int b) { return static_cast<double>(values(a, b)); };
  return (1 - t) * ((1 - s) * at(i, j) + s * at(right, j)) +
         t * ((1 - s) * at(i, below) + s * at(right, below));
}

}  // namespace

rgb color_of(palette colors, double share) {
  switch (colors) {
    case palette::diverging:
      return between(diverging, share);
    case palette::grey:
      return between(grey, share);
    case palette::sequential:
      break;
  }
  return between(sequential, share);
}

image draw(const plot& p, int columns, int rows, const std::function<float(int, int)>& values) {
  image picture(left_margin + p.width + right_margin, top_margin + p.height + bottom_margin, white);
  const double per_x = static_cast<double>(columns) / p.width;
  const double per_y = static_cast<double>(rows) / p.height;
  const int samples_x = std::max(1, static_cast<int>(std::lround(per_x)));
  const int samples_y = std::max(1, static_cast<int>(std::lround(per_y)));
  for (int j = 0; j < p.height; ++j) {
    for (int i = 0; i < p.width; ++i) {
      double sum = 0;
      for (int k = 0; k < samples_x * samples_y; ++k) {
        const int across = k % samples_x, down = k / samples_x;
        const double x = (i + (across + 0.5) / samples_x) * per_x - 0.5;
        const double y = (j + (down + 0.5) / samples_y) * per_y - 0.5;
        sum += interpolated(values, columns, rows, x, y);
      }
      const double value = sum / (samples_x * samples_y);
      picture.at(left_margin + i, top_margin + j) =
          color_of(p.colors, (value - p.low) / (p.high - p.low));
    }
  }
  outline(picture, left_margin, top_margin, p.width, p.height);
  draw_horizontal_axis(picture, p.horizontal, p.width, p.height);
  draw_vertical_axis(picture, p.vertical, p.height);
  draw_bar(picture, p);
  write(picture, left_margin, 10, p.title);
  return picture;
}

image draw_curve(const std::string& title, const std::string& horizontal_label,
                 const std::string& vertical_label, const std::vector<double>& points) {
  constexpr int width = 700, height = 380, thickness = 3, mark = 9;
  image picture(left_margin + width + 40, top_margin + height + bottom_margin, white);
  const double top = 1.05 * *std::max_element(points.begin(), points.end());
  const double last = std::max(1.0, static_cast<double>(points.size()) - 1);
  const axis horizontal{horizontal_label, 0, last};
  const axis vertical{vertical_label, top, 0};
  for (double value : ticks(0, top, height / 60)) {
    fill(picture, left_margin, top_margin + static_cast<int>((1 - value / top) * (height - 1)),
         width, 1, faint);
  }
  const auto y_of = [&](double value) { return top_margin + (1 - value / top) * (height - 1); };
  const auto dot_at = [&](double x, double y, int size) {
    fill(picture, static_cast<int>(std::lround(x)) - size / 2,
         static_cast<int>(std::lround(y)) - size / 2, size, size, accent);
  };
  for (std::size_t k = 0; k < points.size(); ++k) {
    const double x = left_margin + static_cast<double>(k) / last * (width - 1);
    dot_at(x, y_of(points[k]), mark);
    if (k + 1 == points.size()) break;
    const double dx = (width - 1) / last, dy = y_of(points[k + 1]) - y_of(points[k]);
    const int pieces = static_cast<int>(dx + std::abs(dy)) + 1;
    for (int n = 0; n <= pieces; ++n) {
      dot_at(x + dx * n / pieces, y_of(points[k]) + dy * n / pieces, thickness);
    }
  }
  outline(picture, left_margin, top_margin, width, height);
  draw_horizontal_axis(picture, horizontal, width, height);
  draw_vertical_axis(picture, vertical, height);
  write(picture, left_margin, 10, title);
  return picture;
}

double clip_level(const std::vector<float>& values, double share) {
  if (values.empty()) return 1;
  std::vector<float> sizes(values.size());
  std::transform(values.begin(), values.end(), sizes.begin(), [](float v) { return std::abs(v); });
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(sizes.size() - 1));
  std::nth_element(sizes.begin(), sizes.begin() + at, sizes.end());
  const double level = static_cast<double>(sizes[static_cast<std::size_t>(at)]);
  return level > 0 ? level : 1;
}

}  // namespace seismic
