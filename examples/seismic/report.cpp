// SPDX-License-Identifier: MIT
#include "report.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "npy.hpp"
#include "picture.hpp"
#include "png.hpp"

namespace seismic {
namespace {

// A plot over the model at true scale, as wide as fits a page.
plot section(const std::string& title, const velocity_model& m) {
  plot p;
  p.title = title;
  p.horizontal = {"distance, km", 0, (m.nx - 1) * m.dx / 1000};
  p.vertical = {"depth, km", 0, (m.nz - 1) * m.dx / 1000};
  p.width = 1000;
  p.height = static_cast<int>(std::lround(1000.0 * m.nz / m.nx));
  if (p.height > 800) {
    p.width = std::max(100, 1000 * 800 / p.height);
    p.height = 800;
  }
  return p;
}

std::vector<std::size_t> shape(int slow, int fast) {
  return {static_cast<std::size_t>(slow), static_cast<std::size_t>(fast)};
}

}  // namespace

report::report(std::string folder) : folder_(std::move(folder)) {
  std::error_code failure;
  std::filesystem::create_directories(folder_, failure);
  if (failure) {
    throw std::runtime_error("cannot make the folder " + folder_ + ": " + failure.message());
  }
}

std::string report::path(const std::string& name, const char* ending) const {
  return folder_ + "/" + name + ending;
}

void report::model(const std::string& name, const std::string& title, const velocity_model& m) {
  if (fastest_ == 0) {
    std::vector<float> sorted = m.velocity;
    std::sort(sorted.begin(), sorted.end());
    slowest_ = static_cast<double>(sorted[sorted.size() / 200]) / 1000;
    fastest_ = static_cast<double>(sorted.back()) / 1000;
  }
  plot p = section(title, m);
  p.colors = palette::sequential;
  p.low = slowest_;
  p.high = fastest_;
  p.bar_label = "km/s";
  write_png(path(name, ".png"),
            draw(p, m.nx, m.nz, [&](int ix, int iz) { return m.at(ix, iz) / 1000; }));
  write_npy(path(name, ".npy"), {shape(m.nx, m.nz), m.velocity});
}

void report::record(const std::string& name, const std::string& title, const survey& s,
                    const velocity_model& model, const float* pressure) {
  const int receivers = receiver_count(s, model);
  npy_array array{shape(s.samples, receivers), {}};
  array.values.assign(pressure, pressure + array.shape[0] * array.shape[1]);
  const auto clip = static_cast<float>(clip_level(array.values, 0.94));
  plot p;
  p.title = title;
  p.horizontal = {"receiver, km", 0, (model.nx - 1) * model.dx / 1000};
  p.vertical = {"time, s", 0, (s.samples - 1) * s.dt};
  p.colors = palette::grey;
  p.low = -1;
  p.high = 1;
  p.bar_label = "relative";
  p.width = 800;
  p.height = 700;
  write_png(path(name, ".png"), draw(p, receivers, s.samples, [&](int k, int n) {
              return pressure[static_cast<std::size_t>(n) * array.shape[1] +
                              static_cast<std::size_t>(k)] /
                     clip;
            }));
  write_npy(path(name, ".npy"), array);
}

void report::gradient(const std::string& name, const gradient_result& g,
                      const velocity_model& model, int fixed_rows) {
  const auto depth = static_cast<std::size_t>(model.nz);
  std::vector<float> shown = g.gradient;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (static_cast<int>(i % depth) < fixed_rows) shown[i] = 0;
  }
  const auto clip = static_cast<float>(clip_level(shown, 0.98));
  plot p = section("gradient of the misfit by squared slowness", model);
  p.colors = palette::diverging;
  p.low = -1;
  p.high = 1;
  p.bar_label = "relative";
  write_png(path(name, ".png"), draw(p, model.nx, model.nz, [&](int ix, int iz) {
              return shown[static_cast<std::size_t>(ix) * depth + static_cast<std::size_t>(iz)] /
                     clip;
            }));
  write_npy(path(name, ".npy"), {shape(model.nx, model.nz), g.gradient});
}

void report::misfit(const std::string& name, const std::vector<double>& misfits) {
  std::vector<double> relative(misfits.size());
  std::transform(misfits.begin(), misfits.end(), relative.begin(),
                 [&](double m) { return m / misfits.front(); });
  write_png(path(name, ".png"),
            draw_curve("misfit", "iteration", "relative to the start", relative));
  write_npy(path(name, ".npy"), {{misfits.size()}, {misfits.begin(), misfits.end()}});
}

}  // namespace seismic
