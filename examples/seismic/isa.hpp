// SPDX-License-Identifier: MIT
// Which vector instructions this processor has. The hot loops are compiled for each set and the
// best one is chosen when the program runs, so one binary is fast on a new node and safe on an old
// one.
#pragma once

#include <vector>

#if defined(__x86_64__) && defined(__GNUC__)
#define SEISMIC_X86 1
#define SEISMIC_TARGET_AVX2 __attribute__((target("avx2,fma")))
#define SEISMIC_TARGET_AVX512 __attribute__((target("avx512f,avx512dq,avx512vl,avx2,fma")))
#else
#define SEISMIC_X86 0
#endif
/// Loop bodies are inlined into one function for each set, and so compiled for it.
#define SEISMIC_INLINE inline __attribute__((always_inline))

namespace seismic {

/// Instruction sets the hot loops are compiled for.
enum class isa { baseline, avx2, avx512 };

/// Name as printed in reports: "baseline", "avx2+fma", "avx512f".
const char* name(isa set);

/// Those this processor can run, the best last; never empty.
std::vector<isa> supported_isas();

/// The best one this processor can run.
isa best_isa();

/// While one lives, this thread rounds results too small for a normal number to zero. Ahead of a
/// wave the field fades through such numbers, which many processors compute a hundred times slower.
class flush_to_zero {
 public:
  flush_to_zero();
  ~flush_to_zero();
  flush_to_zero(const flush_to_zero&) = delete;
  flush_to_zero& operator=(const flush_to_zero&) = delete;

 private:
  unsigned saved_ = 0;
};

}  // namespace seismic
