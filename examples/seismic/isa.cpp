// SPDX-License-Identifier: MIT
#include "isa.hpp"

#if SEISMIC_X86
#include <xmmintrin.h>
#endif

namespace seismic {

const char* name(isa set) {
  switch (set) {
    case isa::avx2:
      return "avx2+fma";
    case isa::avx512:
      return "avx512f";
    case isa::baseline:
      break;
  }
  return "baseline";
}

std::vector<isa> supported_isas() {
  std::vector<isa> sets{isa::baseline};
#if SEISMIC_X86
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    sets.push_back(isa::avx2);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl")) {
      sets.push_back(isa::avx512);
    }
  }
#endif
  return sets;
}

isa best_isa() {
  static const isa best = supported_isas().back();
  return best;
}

#if SEISMIC_X86
flush_to_zero::flush_to_zero() : saved_(_mm_getcsr()) {
  constexpr unsigned flush_results = 0x8000, treat_inputs_as_zero = 0x0040;
  _mm_setcsr(saved_ | flush_results | treat_inputs_as_zero);
}
flush_to_zero::~flush_to_zero() {
  _mm_setcsr(saved_);
}
#else
flush_to_zero::flush_to_zero() = default;
flush_to_zero::~flush_to_zero() = default;
#endif

}  // namespace seismic
