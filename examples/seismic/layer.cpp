// SPDX-License-Identifier: MIT
#include "layer.hpp"

#include <algorithm>
#include <cmath>

#include "simd.hpp"

namespace seismic {
namespace {

// Staggered fourth-order first difference. Source: Fornberg (1988), table 2.
template <class T>
constexpr T near_weight = T(9) / T(8);
template <class T>
constexpr T far_weight = T(-1) / T(24);

template <class T, int V>
SEISMIC_INLINE vec<T, V> difference(vec<T, V> near, vec<T, V> far) {
  return near_weight<T> * near + far_weight<T> * far;
}

// Fluxes half a node beyond V nodes of a row, and the step of their memories.
template <class T, int V>
SEISMIC_INLINE void add_fluxes(const layer_args<T>& a, int row, int column) {
  const std::ptrdiff_t s = a.stride;
  const std::ptrdiff_t at = row * s + column;
  const T* u = a.current + at;
  const auto u_at = [u](std::ptrdiff_t offset) __attribute__((always_inline)) {
    return load_unaligned<T, V>(u + offset);
  };
  const vec<T, V> now = load<T, V>(u);
  const vec<T, V> du_x = difference<T, V>(u_at(s) - now, u_at(2 * s) - u_at(-s));
  const vec<T, V> du_z = difference<T, V>(u_at(1) - now, u_at(2) - u_at(-1));
  const auto i = static_cast<std::size_t>(row);
  const vec<T, V> rate_z = load<T, V>(a.z->rate.data() + column);
  const vec<T, V> half_rate_z = load<T, V>(a.z->half_rate.data() + column);
  const vec<T, V> decay_z = load<T, V>(a.z->half_decay.data() + column);
  const vec<T, V> gain_z = load<T, V>(a.z->half_gain.data() + column);
  const vec<T, V> push_x = a.x->half_gain[i] * (rate_z - a.x->half_rate[i]) * du_x;
  const vec<T, V> push_z = gain_z * (a.x->rate[i] - half_rate_z) * du_z;
  const vec<T, V> flux_x = load<T, V>(a.memory_x + at) + push_x;
  const vec<T, V> flux_z = load<T, V>(a.memory_z + at) + push_z;
  store<T, V>(a.flux_x + at, flux_x);
  store<T, V>(a.flux_z + at, flux_z);
  store<T, V>(a.memory_x + at, a.x->half_decay[i] * flux_x + push_x);
  store<T, V>(a.memory_z + at, decay_z * flux_z + push_z);
}

template <class T, int V, bool Storing>
SEISMIC_INLINE void add_divergence(const layer_args<T>& a, int row, int column) {
  const std::ptrdiff_t s = a.stride;
  const std::ptrdiff_t at = row * s + column;
  const T* x = a.flux_x + at;
  const T* z = a.flux_z + at;
  const vec<T, V> near =
      (load<T, V>(x) - load<T, V>(x - s)) + (load<T, V>(z) - load_unaligned<T, V>(z - 1));
  const vec<T, V> far = (load<T, V>(x + s) - load<T, V>(x - 2 * s)) +
                        (load_unaligned<T, V>(z + 1) - load_unaligned<T, V>(z - 2));
  const vec<T, V> w = load<T, V>(a.courant2 + at) * difference<T, V>(near, far);
  const vec<T, V> damping =
      a.x->damping[static_cast<std::size_t>(row)] * load<T, V>(a.z->damping.data() + column);
  store<T, V>(a.next + at, load<T, V>(a.next + at) + damping * w);
  if constexpr (Storing) store<T, V>(a.increment + at, load<T, V>(a.increment + at) + w);
}

// Calls block(row, column) for the vectors of a row that cover the frame: the whole row at the ends
// of x, else both of its ends. Those that reach into the model or the padding find no damping
// there.
template <int V, class T, class Block>
SEISMIC_INLINE void for_frame(const layer_args<T>& a, int row, Block block) {
  const int end = (a.columns + V - 1) / V * V;
  const bool whole = row < a.thickness || row >= a.rows - a.thickness;
  const int top = whole ? end : std::min(end, (a.thickness + V - 1) / V * V);
  const int bottom = std::max(top, (a.columns - a.thickness) / V * V);
  for (int column = 0; column < top; column += V)
    block(row, column);
  for (int column = bottom; column < end; column += V)
    block(row, column);
}

template <int V, bool Storing, class T>
SEISMIC_INLINE void absorb_rows(const layer_args<T>& args) {
  const layer_args<T> a = args;
  for (int row = 0; row < a.rows; ++row) {
    for_frame<V>(
        a, row, [&](int i, int column) __attribute__((always_inline)) {
          add_fluxes<T, V>(a, i, column);
        });
  }
  for (int row = 0; row < a.rows; ++row) {
    for_frame<V>(
        a, row, [&](int i, int column) __attribute__((always_inline)) {
          add_divergence<T, V, Storing>(a, i, column);
        });
  }
}

template <int V, class T>
SEISMIC_INLINE void absorb_any(const layer_args<T>& a) {
  a.increment != nullptr ? absorb_rows<V, true>(a) : absorb_rows<V, false>(a);
}

template <class T>
void absorb_baseline(const layer_args<T>& a) {
  absorb_any<simd_width<T>(16)>(a);
}
#if SEISMIC_X86
template <class T>
SEISMIC_TARGET_AVX2 void absorb_avx2(const layer_args<T>& a) {
  absorb_any<simd_width<T>(32)>(a);
}
template <class T>
SEISMIC_TARGET_AVX512 void absorb_avx512(const layer_args<T>& a) {
  absorb_any<simd_width<T>(64)>(a);
}
#endif

}  // namespace

template <class T>
layer_axis<T> make_layer_axis(int n, int padded, double dx, double dt,
                              const absorbing_frame& frame) {
  const auto size = static_cast<std::size_t>(padded);
  layer_axis<T> axis{field<T>(size, T(0)), field<T>(size, T(0)), field<T>(size, T(0)),
                     field<T>(size, T(0)), field<T>(size, T(0)), field<T>(size, T(0))};
  const auto rate_at = [&](double position) {
    const double depth = std::max(frame.width - position, position - (frame.width + n - 1));
    if (frame.width == 0 || depth <= 0) return 0.0;
    const double peak =
        3 * frame.velocity * std::log(1 / frame.reflection) / (2 * frame.width * dx);
    return peak * (depth / frame.width) * (depth / frame.width);
  };
  for (int i = 0; i < n + 2 * frame.width; ++i) {
    const auto k = static_cast<std::size_t>(i);
    const double rate = rate_at(i);
    const double half = rate_at(i + 0.5);
    axis.rate[k] = static_cast<T>(rate);
    axis.damping[k] = static_cast<T>(std::exp(-rate * dt / 2));
    axis.inverse[k] = static_cast<T>(std::exp(rate * dt / 2));
    axis.half_rate[k] = static_cast<T>(half);
    axis.half_decay[k] = static_cast<T>(std::exp(-half * dt));
    axis.half_gain[k] = static_cast<T>(half > 0 ? -std::expm1(-half * dt) / (2 * half) : dt / 2);
  }
  return axis;
}

template <class T>
void absorb(const layer_args<T>& args, isa set) {
#if SEISMIC_X86
  if (set == isa::avx512) return absorb_avx512(args);
  if (set == isa::avx2) return absorb_avx2(args);
#endif
  static_cast<void>(set);
  absorb_baseline(args);
}

template layer_axis<float> make_layer_axis(int, int, double, double, const absorbing_frame&);
template layer_axis<double> make_layer_axis(int, int, double, double, const absorbing_frame&);
template void absorb(const layer_args<float>&, isa);
template void absorb(const layer_args<double>&, isa);

}  // namespace seismic
