// SPDX-License-Identifier: MIT
// Short vectors for the hot loops: the compiler's own vector types, which mean the same on every
// instruction set. Only for functions that are inlined into one compiled for a set (isa.hpp).
#pragma once

#include "isa.hpp"

namespace seismic {

/// V elements of T as one value with elementwise operators; the compiler splits those that are
/// wider than the machine's registers.
template <class T, int V>
struct simd {
  typedef T type __attribute__((vector_size(V * sizeof(T)), may_alias));
  typedef T unaligned_type
      __attribute__((vector_size(V * sizeof(T)), aligned(sizeof(T)), may_alias));
};
template <class T, int V>
using vec = typename simd<T, V>::type;

/// The widest V for registers of so many bytes. It is at least four, so that the neighbours a
/// stencil of order 8 needs never lie beyond the next vector.
template <class T>
constexpr int simd_width(int register_bytes) {
  const int fitting = register_bytes / static_cast<int>(sizeof(T));
  return fitting < 4 ? 4 : fitting;
}

template <class T, int V>
SEISMIC_INLINE vec<T, V> load(const T* at) {
  return *reinterpret_cast<const vec<T, V>*>(at);
}

template <class T, int V>
SEISMIC_INLINE vec<T, V> load_unaligned(const T* at) {
  return *reinterpret_cast<const typename simd<T, V>::unaligned_type*>(at);
}

template <class T, int V>
SEISMIC_INLINE void store(T* at, vec<T, V> value) {
  *reinterpret_cast<vec<T, V>*>(at) = value;
}

}  // namespace seismic
