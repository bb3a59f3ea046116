// SPDX-License-Identifier: MIT
#include "kernel.hpp"

#include <utility>

#include "simd.hpp"

namespace seismic {
namespace {

// Four rows are swept together so that a row of `current` is loaded once for them rather than nine
// times, and neighbours along a row are taken from registers by shuffles: unaligned loads would
// cross a cache line each. Both were measured; see README.md.
constexpr int rows_together = 4;
constexpr int prefetch_bytes = 1024;

template <class T, int V, int First, int... I>
SEISMIC_INLINE vec<T, V> window_of(vec<T, V> a, vec<T, V> b, std::integer_sequence<int, I...>) {
  return __builtin_shufflevector(a, b, (First + I)...);
}

// V elements of the concatenation (a, b), starting at element First.
template <class T, int V, int First>
SEISMIC_INLINE vec<T, V> window(vec<T, V> a, vec<T, V> b) {
  return window_of<T, V, First>(a, b, std::make_integer_sequence<int, V>{});
}

template <class T, int Order, int V, int K>
SEISMIC_INLINE vec<T, V> ring(vec<T, V> left, vec<T, V> mid, vec<T, V> right,
                              const vec<T, V>* col) {
  constexpr T weight = static_cast<T>(second_difference<Order>()[K]);
  const vec<T, V> along = window<T, V, V - K>(left, mid) + window<T, V, K>(mid, right);
  return weight * (along + (col[-K] + col[K]));
}

template <class T, int Order, int V, int... K>
SEISMIC_INLINE vec<T, V> laplacian(vec<T, V> left, vec<T, V> mid, vec<T, V> right,
                                   const vec<T, V>* col, std::integer_sequence<int, K...>) {
  constexpr T centre = static_cast<T>(2 * second_difference<Order>()[0]);
  return ((centre * mid) + ... + ring<T, Order, V, K + 1>(left, mid, right, col));
}

template <class T, int Order, int V, sweep_mode Mode, int R>
SEISMIC_INLINE void sweep_rows(const sweep_args<T>& a, int row) {
  constexpr int half = Order / 2;
  constexpr int ahead = prefetch_bytes / static_cast<int>(sizeof(T));
  const std::ptrdiff_t s = a.stride;
  const std::ptrdiff_t top = row * s;
  vec<T, V> left[R], mid[R];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    left[r] = load<T, V>(a.current + top + r * s - V);
    mid[r] = load<T, V>(a.current + top + r * s);
  }
  for (int j = 0; j < a.columns; j += V) {
    const T* p = a.current + top + j;
    vec<T, V> col[R + 2 * half];
#pragma GCC unroll 16
    for (int k = 0; k < half; ++k) {
      col[k] = load<T, V>(p + (k - half) * s);
      col[half + R + k] = load<T, V>(p + (R + k) * s);
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      col[half + r] = mid[r];
      __builtin_prefetch(p + (half + r) * s + ahead);
      __builtin_prefetch(a.previous + top + r * s + j + ahead, 1);
      __builtin_prefetch(a.courant2 + top + r * s + j + ahead);
    }
    const vec<T, V> gz = load<T, V>(a.damping_z + j);
    const vec<T, V> iz = load<T, V>(a.inverse_z + j);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const std::ptrdiff_t at = top + r * s + j;
      const vec<T, V> now = mid[r];
      const vec<T, V> right = load<T, V>(p + r * s + V);
      const vec<T, V> w = load<T, V>(a.courant2 + at) *
                          laplacian<T, Order, V>(left[r], now, right, col + half + r,
                                                 std::make_integer_sequence<int, half>{});
      left[r] = now;
      mid[r] = right;
      const vec<T, V> g = gz * a.damping_x[row + r];
      const vec<T, V> twice = gz * a.inverse_x[row + r] + iz * a.damping_x[row + r];
      const vec<T, V> next = g * (twice * now - g * load<T, V>(a.previous + at) + w);
      store<T, V>(a.previous + at, next);
      if constexpr (Mode == sweep_mode::store) {
        store<T, V>(a.increment + at, w);
      } else if constexpr (Mode == sweep_mode::correlate) {
        store<T, V>(a.image + at, load<T, V>(a.image + at) + now * load<T, V>(a.increment + at));
      }
    }
  }
}

template <class T, int Order, int V, sweep_mode Mode>
SEISMIC_INLINE void sweep_grid(const sweep_args<T>& a) {
  int row = 0;
  for (; row + rows_together <= a.rows; row += rows_together) {
    sweep_rows<T, Order, V, Mode, rows_together>(a, row);
  }
  for (; row < a.rows; ++row)
    sweep_rows<T, Order, V, Mode, 1>(a, row);
}

template <class T, int Order, int V>
SEISMIC_INLINE void sweep_any(const sweep_args<T>& a, sweep_mode mode) {
  switch (mode) {
    case sweep_mode::advance:
      return sweep_grid<T, Order, V, sweep_mode::advance>(a);
    case sweep_mode::store:
      return sweep_grid<T, Order, V, sweep_mode::store>(a);
    case sweep_mode::correlate:
      return sweep_grid<T, Order, V, sweep_mode::correlate>(a);
  }
}

template <class T, int Order>
void sweep_baseline(const sweep_args<T>& a, sweep_mode mode) {
  sweep_any<T, Order, simd_width<T>(16)>(a, mode);
}
#if SEISMIC_X86
template <class T, int Order>
SEISMIC_TARGET_AVX2 void sweep_avx2(const sweep_args<T>& a, sweep_mode mode) {
  sweep_any<T, Order, simd_width<T>(32)>(a, mode);
}
template <class T, int Order>
SEISMIC_TARGET_AVX512 void sweep_avx512(const sweep_args<T>& a, sweep_mode mode) {
  sweep_any<T, Order, simd_width<T>(64)>(a, mode);
}
#endif

}  // namespace

template <class T, int Order>
void sweep(const sweep_args<T>& args, sweep_mode mode, isa set) {
#if SEISMIC_X86
  if (set == isa::avx512) return sweep_avx512<T, Order>(args, mode);
  if (set == isa::avx2) return sweep_avx2<T, Order>(args, mode);
#endif
  static_cast<void>(set);
  sweep_baseline<T, Order>(args, mode);
}

template void sweep<float, 8>(const sweep_args<float>&, sweep_mode, isa);
template void sweep<double, 2>(const sweep_args<double>&, sweep_mode, isa);
template void sweep<double, 4>(const sweep_args<double>&, sweep_mode, isa);
template void sweep<double, 8>(const sweep_args<double>&, sweep_mode, isa);

}  // namespace seismic
