// SPDX-License-Identifier: MIT
#include "simulation.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

namespace seismic {
namespace {

// Nodes at each edge that the absorbing layer reaches: its staggered difference is four nodes wide.
int frame_thickness(const padded_grid& grid) {
  return grid.frame > 0 ? grid.frame + 2 : 0;
}

std::size_t checked_node(const padded_grid& grid, node n, const char* what) {
  if (n.ix < 0 || n.ix >= grid.nx || n.iz < 0 || n.iz >= grid.nz) {
    throw std::invalid_argument(std::string(what) + " at node (" + std::to_string(n.ix) + ", " +
                                std::to_string(n.iz) + ") is outside the model of " +
                                std::to_string(grid.nx) + " x " + std::to_string(grid.nz) +
                                " nodes; move it inside");
  }
  return grid.at(n.ix, n.iz);
}

}  // namespace

// Two fields a checkpoint every k steps and k + 1 increments of one segment: least at sqrt(2 n).
int checkpoint_interval(int samples) {
  return std::max(1, static_cast<int>(std::ceil(std::sqrt(2.0 * samples))));
}

template <class T>
std::size_t adjoint_memory_bytes(const padded_grid& grid, int samples) {
  const int interval = checkpoint_interval(samples);
  const int checkpoints = (samples - 1 + interval - 1) / interval;
  constexpr int working = 12;  // both states, the fluxes, the image, the medium
  const int thick = frame_thickness(grid);
  const int inner = std::max(0, grid.rows() - 2 * thick) * std::max(0, grid.nz - 4);
  const int frame = thick > 0 ? grid.rows() * (grid.nz + 2 * grid.frame) - inner : 0;
  return sizeof(T) * (grid.size * static_cast<std::size_t>(2 * checkpoints + interval + working) +
                      2 * static_cast<std::size_t>(checkpoints) * static_cast<std::size_t>(frame));
}

template <class T, int Order>
simulation<T, Order>::simulation(const medium<T>& medium, acquisition<T> acquisition)
    : medium_(medium),
      acquisition_(std::move(acquisition)),
      flux_x_(medium.grid.size, T(0)),
      flux_z_(medium.grid.size, T(0)) {
  source_ = checked_node(medium_.grid, acquisition_.source, "the source");
  for (const node& r : acquisition_.receivers) {
    receivers_.push_back(checked_node(medium_.grid, r, "a receiver"));
  }
  if (acquisition_.wavelet.size() < 2) {
    throw std::invalid_argument("the wavelet has fewer than 2 samples; give one a time step");
  }
  const auto slowest = std::min_element(medium_.slowness2.begin(), medium_.slowness2.end());
  const double fastest = 1 / std::sqrt(static_cast<double>(*slowest));
  const double limit = max_time_step(Order, medium_.dx, fastest);
  if (!(medium_.dt <= limit)) {
    throw std::invalid_argument("a time step of " + std::to_string(medium_.dt * 1e3) +
                                " ms is unstable: at " + std::to_string(fastest) +
                                " m/s on a grid of " + std::to_string(medium_.dx) +
                                " m it must not exceed " + std::to_string(limit * 1e3) + " ms");
  }
}

template <class T, int Order>
auto simulation<T, Order>::at_rest() const -> state {
  const field<T> zero(medium_.grid.size, T(0));
  return {zero, zero, zero, zero};
}

template <class T, int Order>
template <class Visit>
void simulation<T, Order>::for_each_frame_node(Visit visit) const {
  const padded_grid& grid = medium_.grid;
  const int thick = frame_thickness(grid);
  const int columns = grid.nz + 2 * grid.frame;
  for (int row = 0; row < grid.rows(); ++row) {
    const bool whole = row < thick || row >= grid.rows() - thick;
    for (int column = 0; column < columns; ++column) {
      if (!whole && column == thick) column = std::max(thick, columns - thick);
      visit(static_cast<std::size_t>(grid.origin + row * grid.stride + column));
    }
  }
}

template <class T, int Order>
auto simulation<T, Order>::save(const state& s) const -> checkpoint {
  checkpoint c{s.now, s.before, {}};
  if (medium_.grid.frame == 0) return c;
  for_each_frame_node([&](std::size_t i) {
    c.memory.push_back(s.memory_x[i]);
    c.memory.push_back(s.memory_z[i]);
  });
  return c;
}

template <class T, int Order>
auto simulation<T, Order>::restore(const checkpoint& c) const -> state {
  state s = at_rest();
  s.now = c.now;
  s.before = c.before;
  if (medium_.grid.frame == 0) return s;
  auto value = c.memory.begin();
  for_each_frame_node([&](std::size_t i) {
    s.memory_x[i] = *value++;
    s.memory_z[i] = *value++;
  });
  return s;
}

// One time step without sources; the new field is left in s.before.
template <class T, int Order>
void simulation<T, Order>::step(state& s, sweep_mode mode, field<T>* increment) {
  const padded_grid& grid = medium_.grid;
  sweep_args<T> a;
  a.previous = s.before.data() + grid.origin;
  a.current = s.now.data() + grid.origin;
  a.courant2 = medium_.courant2.data() + grid.origin;
  a.damping_x = medium_.x.damping.data();
  a.inverse_x = medium_.x.inverse.data();
  a.damping_z = medium_.z.damping.data();
  a.inverse_z = medium_.z.inverse.data();
  a.increment = increment != nullptr ? increment->data() + grid.origin : nullptr;
  a.image = mode == sweep_mode::correlate ? image_.data() + grid.origin : nullptr;
  a.stride = grid.stride;
  a.rows = grid.rows();
  a.columns = grid.columns;
  sweep<T, Order>(a, mode);
  if (grid.frame == 0) return;

  layer_args<T> layer;
  layer.current = a.current;
  layer.next = a.previous;
  layer.increment = mode == sweep_mode::store ? a.increment : nullptr;
  layer.courant2 = a.courant2;
  layer.memory_x = s.memory_x.data() + grid.origin;
  layer.memory_z = s.memory_z.data() + grid.origin;
  layer.flux_x = flux_x_.data() + grid.origin;
  layer.flux_z = flux_z_.data() + grid.origin;
  layer.x = &medium_.x;
  layer.z = &medium_.z;
  layer.stride = grid.stride;
  layer.rows = grid.rows();
  layer.columns = grid.nz + 2 * grid.frame;
  layer.thickness = frame_thickness(grid);
  absorb(layer, best_isa());
}

// Sources and receivers lie inside the model, where nothing damps.
template <class T, int Order>
void simulation<T, Order>::advance(state& s, int n, field<T>* increment) {
  step(s, increment != nullptr ? sweep_mode::store : sweep_mode::advance, increment);
  const T source = medium_.courant2[source_] * acquisition_.wavelet[static_cast<std::size_t>(n)];
  s.before[source_] += source;
  if (increment != nullptr) (*increment)[source_] += source;
  std::swap(s.now, s.before);
}

template <class T, int Order>
void simulation<T, Order>::step_back(state& s, field<T>* increment, const T* residual) {
  step(s, increment != nullptr ? sweep_mode::correlate : sweep_mode::advance, increment);
  for (std::size_t k = 0; k < receivers_.size(); ++k) {
    s.before[receivers_[k]] += medium_.courant2[receivers_[k]] * residual[k];
  }
  std::swap(s.now, s.before);
}

template <class T, int Order>
void simulation<T, Order>::sample(const state& s, T* out) const {
  for (std::size_t k = 0; k < receivers_.size(); ++k)
    out[k] = s.now[receivers_[k]];
}

template <class T, int Order>
std::vector<T> simulation<T, Order>::record() {
  const flush_to_zero fast;
  std::vector<T> data(acquisition_.wavelet.size() * receivers_.size());
  state s = at_rest();
  for (int n = 1; n < samples(); ++n) {
    advance(s, n - 1);
    sample(s, data.data() + static_cast<std::size_t>(n) * receivers_.size());
  }
  return data;
}

template <class T, int Order>
std::vector<T> simulation<T, Order>::record_with_checkpoints() {
  const flush_to_zero fast;
  std::vector<T> data(acquisition_.wavelet.size() * receivers_.size());
  checkpoints_.clear();
  const int interval = checkpoint_interval(samples());
  state s = at_rest();
  for (int n = 1; n < samples(); ++n) {
    if ((n - 1) % interval == 0) checkpoints_.push_back(save(s));
    advance(s, n - 1);
    sample(s, data.data() + static_cast<std::size_t>(n) * receivers_.size());
  }
  return data;
}

template <class T, int Order>
std::vector<T> simulation<T, Order>::born(const std::vector<T>& dm) {
  const flush_to_zero fast;
  const padded_grid& grid = medium_.grid;
  std::vector<T> relative(dm.size());
  std::transform(dm.begin(), dm.end(), medium_.slowness2.begin(), relative.begin(),
                 std::divides<T>());
  field<T> scatter = extend(grid, relative);
  for (int row = 0; row < grid.rows(); ++row) {
    for (int column = 0; column < grid.columns; ++column) {
      scatter[static_cast<std::size_t>(grid.origin + row * grid.stride + column)] *=
          medium_.x.damping[static_cast<std::size_t>(row)] *
          medium_.z.damping[static_cast<std::size_t>(column)];
    }
  }
  std::vector<T> data(acquisition_.wavelet.size() * receivers_.size());
  field<T> increment(grid.size, T(0));
  state background = at_rest();
  state scattered = at_rest();
  for (int n = 1; n < samples(); ++n) {
    advance(background, n - 1, &increment);
    step(scattered, sweep_mode::advance, nullptr);
    for (std::size_t i = 0; i < grid.size; ++i)
      scattered.before[i] -= scatter[i] * increment[i];
    std::swap(scattered.now, scattered.before);
    sample(scattered, data.data() + static_cast<std::size_t>(n) * receivers_.size());
  }
  return data;
}

// Recomputes the increments of steps first, first + 1, ... of one segment from its checkpoint, one
// more than the segment is long, as the step back across its end needs the next one. Returns the
// first step of the next segment.
template <class T, int Order>
int simulation<T, Order>::replay(int first, std::vector<field<T>>& increments,
                                 field<T>* illumination) {
  const int interval = checkpoint_interval(samples());
  const int end = std::min(first + interval, samples() - 1);
  state s = restore(checkpoints_[static_cast<std::size_t>(first / interval)]);
  for (int n = first; n <= std::min(end, samples() - 2); ++n) {
    field<T>& w = increments[static_cast<std::size_t>(n - first)];
    advance(s, n, &w);
    if (illumination == nullptr || n == end) continue;
    for (std::size_t i = 0; i < w.size(); ++i)
      (*illumination)[i] += w[i] * w[i];
  }
  return end;
}

template <class T, int Order>
std::vector<T> simulation<T, Order>::adjoint(const std::vector<T>& residual,
                                             std::vector<T>* illumination) {
  if (checkpoints_.empty()) {
    throw std::logic_error("adjoint() without a forward run; call record_with_checkpoints() first");
  }
  const flush_to_zero fast;
  const padded_grid& grid = medium_.grid;
  const int interval = checkpoint_interval(samples());
  const int last = samples() - 1;
  std::vector<field<T>> increments(static_cast<std::size_t>(std::min(interval + 1, last)),
                                   field<T>(grid.size, T(0)));
  field<T> energy(illumination != nullptr ? grid.size : 0, T(0));
  image_.assign(grid.size, T(0));
  state s = at_rest();
  for (int segment = static_cast<int>(checkpoints_.size()) - 1; segment >= 0; --segment) {
    const int first = segment * interval;
    const int end = replay(first, increments, illumination != nullptr ? &energy : nullptr);
    for (int n = end - 1; n >= first; --n) {
      field<T>* w = n + 1 < last ? &increments[static_cast<std::size_t>(n + 1 - first)] : nullptr;
      step_back(s, w, residual.data() + static_cast<std::size_t>(n + 1) * receivers_.size());
    }
  }
  const T scale = static_cast<T>(-medium_.dx * medium_.dx / (medium_.dt * medium_.dt));
  for (std::size_t i = 0; i < grid.size; ++i) {
    image_[i] = scale * (image_[i] + s.now[i] * increments[0][i]);
  }
  if (illumination != nullptr) *illumination = extend_adjoint(grid, energy);
  return extend_adjoint(grid, image_);
}

template std::size_t adjoint_memory_bytes<float>(const padded_grid&, int);
template std::size_t adjoint_memory_bytes<double>(const padded_grid&, int);
template class simulation<float, 8>;
template class simulation<double, 2>;
template class simulation<double, 4>;
template class simulation<double, 8>;

}  // namespace seismic
