// SPDX-License-Identifier: MIT
#include "unit/largest_allocation.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> largest{0};

void* allocate(std::size_t n) {
  std::size_t before = largest.load(std::memory_order_relaxed);
  while (before < n && !largest.compare_exchange_weak(before, n, std::memory_order_relaxed)) {
  }
  // A lie of a count must fail here too, not in the machine's memory.
  if (n > (std::size_t{1} << 32)) throw std::bad_alloc();
  void* at = std::malloc(n == 0 ? 1 : n);
  if (at == nullptr) throw std::bad_alloc();
  return at;
}

}  // namespace

void* operator new(std::size_t n) {
  return allocate(n);
}
void* operator new[](std::size_t n) {
  return allocate(n);
}
void operator delete(void* at) noexcept {
  std::free(at);
}
void operator delete[](void* at) noexcept {
  std::free(at);
}
void operator delete(void* at, std::size_t) noexcept {
  std::free(at);
}
void operator delete[](void* at, std::size_t) noexcept {
  std::free(at);
}

namespace clusterless::tests {

void watch_allocations() noexcept {
  largest = 0;
}
std::size_t largest_allocation() noexcept {
  return largest;
}

}  // namespace clusterless::tests
