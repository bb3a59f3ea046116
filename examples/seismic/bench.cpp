// SPDX-License-Identifier: MIT
// Measures how near the kernel comes to this machine: its points per second against the memory
// bandwidth and the multiply-add rate of one core, measured in the same run. Prints a table and
// what limits the kernel at each grid size.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <utility>

#include "medium.hpp"
#include "simd.hpp"
#include "simulation.hpp"
#include "wavelet.hpp"

using namespace seismic;

namespace {

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Best time of one call over many short trials: other work on the machine can only make it longer.
double best_seconds(const std::function<void()>& work) {
  constexpr double trial_seconds = 0.004;
  constexpr int trials = 60;
  double once = seconds_now();
  work();
  once = seconds_now() - once;
  const int calls = std::max(1, static_cast<int>(trial_seconds / once));
  double best = once;
  for (int trial = 0; trial < trials; ++trial) {
    const double start = seconds_now();
    for (int k = 0; k < calls; ++k)
      work();
    best = std::min(best, (seconds_now() - start) / calls);
  }
  return best;
}

// --- what the machine gives -------------------------------------------------------------------

// Multiply-adds, and as many additions beside them when `Mixed`, on values that stay in registers.
// Eight and four chains hide the latency of one result and still fit sixteen registers.
template <int V, bool Mixed>
SEISMIC_INLINE float compute(long rounds) {
  vec<float, V> x[8], y[4];
  for (int k = 0; k < 8; ++k)
    x[k] = vec<float, V>{} + static_cast<float>(rounds + k);
  for (int k = 0; k < 4; ++k)
    y[k] = x[k];
  const vec<float, V> factor = vec<float, V>{} + 0.999F, term = vec<float, V>{} + 0.001F;
  for (long r = 0; r < rounds; ++r) {
#pragma GCC unroll 8
    for (int k = 0; k < 8; ++k) {
      x[k] = x[k] * factor + term;
      if constexpr (Mixed) y[k % 4] = y[k % 4] + term;
    }
  }
  vec<float, V> sum = {};
  for (int k = 0; k < 8; ++k)
    sum += x[k] + y[k % 4];
  return sum[0];
}

template <bool Mixed>
float compute_baseline(long rounds) {
  return compute<4, Mixed>(rounds);
}
#if SEISMIC_X86
template <bool Mixed>
SEISMIC_TARGET_AVX2 float compute_avx2(long rounds) {
  return compute<8, Mixed>(rounds);
}
template <bool Mixed>
SEISMIC_TARGET_AVX512 float compute_avx512(long rounds) {
  return compute<16, Mixed>(rounds);
}
#endif

// Arithmetic instructions per second times the elements of each.
template <bool Mixed>
double arithmetic_rate(isa set) {
  constexpr long rounds = 100'000;
  int width = 4;
  float (*function)(long) = compute_baseline<Mixed>;
#if SEISMIC_X86
  if (set == isa::avx2) width = 8, function = compute_avx2<Mixed>;
  if (set == isa::avx512) width = 16, function = compute_avx512<Mixed>;
#endif
  volatile float keep = 0;
  const double time = best_seconds([&] { keep = function(rounds); });
  return (Mixed ? 16.0 : 8.0) * width * rounds / time;
}

// Reads three arrays and writes one of them, as the kernel does; bytes per second.
template <class T>
SEISMIC_INLINE void update_triad(T* __restrict a, const T* __restrict b, const T* __restrict c,
                                 std::size_t n) {
  for (std::size_t i = 0; i < n; ++i)
    a[i] = T(0.5) * a[i] + b[i] + c[i];
}
void triad_baseline(float* a, const float* b, const float* c, std::size_t n) {
  update_triad(a, b, c, n);
}
#if SEISMIC_X86
SEISMIC_TARGET_AVX2 void triad_avx2(float* a, const float* b, const float* c, std::size_t n) {
  update_triad(a, b, c, n);
}
SEISMIC_TARGET_AVX512 void triad_avx512(float* a, const float* b, const float* c, std::size_t n) {
  update_triad(a, b, c, n);
}
#endif

double bandwidth(isa set, std::size_t elements) {
  field<float> a(elements, 0.0F), b(elements, 1.0F), c(elements, 2.0F);
  auto function = triad_baseline;
#if SEISMIC_X86
  if (set == isa::avx2) function = triad_avx2;
  if (set == isa::avx512) function = triad_avx512;
#endif
  const double time = best_seconds([&] {
    function(a.data(), b.data(), c.data(), elements);
    std::swap(a, b);
  });
  return 16.0 * static_cast<double>(elements) / time;
}

// --- what the kernel makes of it --------------------------------------------------------------

medium<float> uniform_medium(int nx, int nz) {
  const double velocity = 2000, dx = 20, dt = 0.4 * dx / velocity;
  std::vector<float> slowness2(static_cast<std::size_t>(nx) * static_cast<std::size_t>(nz),
                               static_cast<float>(1 / (velocity * velocity)));
  return make_medium(std::move(slowness2), nx, nz, dx, dt, {});
}

double kernel_points_per_second(isa set, const medium<float>& m) {
  const padded_grid& grid = m.grid;
  field<float> before(grid.size, 0.0F), now(grid.size, 0.0F);
  now[grid.at(grid.nx / 2, grid.nz / 2)] = 1;
  sweep_args<float> a;
  a.courant2 = m.courant2.data() + grid.origin;
  a.damping_x = m.x.damping.data();
  a.inverse_x = m.x.inverse.data();
  a.damping_z = m.z.damping.data();
  a.inverse_z = m.z.inverse.data();
  a.stride = grid.stride;
  a.rows = grid.rows();
  a.columns = grid.columns;
  const double time = best_seconds([&] {
    a.previous = before.data() + grid.origin;
    a.current = now.data() + grid.origin;
    sweep<float, 8>(a, sweep_mode::advance, set);
    std::swap(before, now);
  });
  return static_cast<double>(grid.rows()) * (grid.nz + 2 * grid.frame) / time;
}

void report(isa set, double multiply_adds, double mixed, int nx, int nz) {
  const medium<float> m = uniform_medium(nx, nz);
  const double memory = bandwidth(set, m.grid.size);
  const double points = kernel_points_per_second(set, m);
  const double by_memory = memory / sweep_bytes<float>;
  const double by_arithmetic = mixed / sweep_instructions_order8;
  const bool memory_bound = by_memory < by_arithmetic;
  std::printf(
      "%-9s %5d x %-5d %7.1f MB  %5.2f Gpoint/s %6.1f GB/s of %6.1f %6.1f GFLOP/s of %6.1f"
      "  %s limit %5.2f: %3.0f %%\n",
      name(set), nx, nz, 12e-6 * static_cast<double>(m.grid.size), points / 1e9,
      points * sweep_bytes<float> / 1e9, memory / 1e9, points * sweep_flops_order8 / 1e9,
      2 * multiply_adds / 1e9, memory_bound ? "memory" : "arithmetic",
      std::min(by_memory, by_arithmetic) / 1e9, 100 * points / std::min(by_memory, by_arithmetic));
}

void report_shot(int nx, int nz, int samples) {
  const medium<float> m = uniform_medium(nx, nz);
  acquisition<float> a{{nx / 2, 1}, {}, ricker_wavelet<float>(5, m.dt, samples)};
  for (int ix = 0; ix < nx; ++ix)
    a.receivers.push_back({ix, 1});
  simulation<float, 8> s(m, a);
  double forward = 1e9, both = 1e9;
  for (int trial = 0; trial < 5; ++trial) {
    double start = seconds_now();
    s.record();
    forward = std::min(forward, seconds_now() - start);
    start = seconds_now();
    s.adjoint(s.record_with_checkpoints());
    both = std::min(both, seconds_now() - start);
  }
  const double updates = static_cast<double>(nx) * nz * samples;
  std::printf(
      "a shot of %d x %d nodes and %d steps, frame and records included: record %.2f s "
      "(%.2f Gpoint/s), gradient %.2f s, %.0f MB\n",
      nx, nz, samples, forward, updates / forward / 1e9, both,
      static_cast<double>(adjoint_memory_bytes<float>(m.grid, samples)) / 1e6);
}

}  // namespace

int main() {
  std::printf(
      "One core. A point moves %d bytes (read current, previous and the medium, write one) and "
      "takes "
      "%d flops\nin %d arithmetic instructions, half of them additions, half multiply-adds: %.2f "
      "flop/byte. Measured limits:\nmemory, an in-place triad over three arrays of the same size; "
      "arithmetic, that mix of instructions in registers.\nGFLOP/s are compared with the peak of "
      "multiply-adds alone.\n\n",
      sweep_bytes<float>, sweep_flops_order8, sweep_instructions_order8,
      static_cast<double>(sweep_flops_order8) / sweep_bytes<float>);
  for (isa set : supported_isas()) {
    const double multiply_adds = arithmetic_rate<false>(set);
    const double mixed = arithmetic_rate<true>(set);
    for (auto [nx, nz] : {std::pair{431, 100}, {851, 176}, {4000, 2000}}) {
      report(set, multiply_adds, mixed, nx, nz);
    }
  }
  std::printf("\n");
  report_shot(851, 176, 500);
}
