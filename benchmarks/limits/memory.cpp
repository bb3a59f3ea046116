// SPDX-License-Identifier: MIT
// Bulk data: how fast two processes can read an argument and write a result, and what one copy of a
// broadcast costs. New pages are measured apart from used ones: the kernel zeroes each new page.
#include <cstring>

#include "limits.hpp"

namespace bench {
namespace {

constexpr std::size_t mib = 1 << 20;
constexpr std::size_t page = 4096;

struct mapping {
  int descriptor;
  std::byte* at;
  std::size_t bytes;
};

mapping new_memfd(std::size_t bytes) {
  const int descriptor = memfd_create("limit", MFD_CLOEXEC);
  if (descriptor < 0 || ftruncate(descriptor, static_cast<off_t>(bytes)) != 0) fail("memfd");
  void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (at == MAP_FAILED) fail("mmap of a memfd");
  return {descriptor, static_cast<std::byte*>(at), bytes};
}

long touch(const std::byte* at, std::size_t bytes) {
  long sum = 0;
  for (std::size_t k = 0; k < bytes; k += page)
    sum += std::to_integer<long>(at[k]);
  return sum;
}

/// Maps the memory of `m` anew, reads a byte of each page `times` times.
void map_and_touch(const mapping& m, long times, int flags = 0) {
  void* at = mmap(nullptr, m.bytes, PROT_READ, MAP_SHARED | flags, m.descriptor, 0);
  if (at == MAP_FAILED) fail("mmap to read");
  const auto pages = static_cast<long>(m.bytes / page);
  for (long k = 0; k < times; ++k) {
    if (touch(static_cast<std::byte*>(at), m.bytes) != pages) _exit(1);
  }
  munmap(at, m.bytes);
}

double bytes_moved(long n, std::size_t bytes) {
  return 2.0 * static_cast<double>(n) * static_cast<double>(bytes);
}

}  // namespace

void copy_in_place(const arguments& given) {
  const long n = given.get("n", 64);
  const auto bytes = static_cast<std::size_t>(given.get("mib", 8)) * mib;
  const std::size_t all = static_cast<std::size_t>(n) * bytes;
  std::byte* in = shared_memory(all);
  std::byte* out = shared_memory(all);
  auto& next = *reinterpret_cast<word*>(shared_memory(sizeof(word)));
  crew workers([&] { check(touch(in, all) + touch(out, all) == 0, "pages not zeroed"); },
               [&] {
                 const auto items = static_cast<std::uint32_t>(n);
                 for (std::uint32_t k; (k = next.value.fetch_add(1)) < items;) {
                   std::memcpy(out + k * bytes, in + k * bytes, bytes);
                 }
               });
  const double start = now();
  workers.run();
  print_rate(now() - start, bytes_moved(n, bytes), n);
}

void copy_to_memfd(const arguments& given) {
  const long n = given.get("n", 64);
  const auto bytes = static_cast<std::size_t>(given.get("mib", 8)) * mib;
  const std::size_t all = static_cast<std::size_t>(n) * bytes;
  const std::vector<std::byte> from(all, std::byte{1});
  const mapping to = new_memfd(all);
  if (given.get("fresh", 0) == 0) std::memset(to.at, 2, all);
  const double start = now();
  std::memcpy(to.at, from.data(), all);
  print_rate(now() - start, bytes_moved(n, bytes), n);
}

void share_by_copy(const arguments& given) {
  const long items = given.get("n", 16);
  const auto bytes = static_cast<std::size_t>(given.get("mib", 256)) * mib;
  const std::vector<std::byte> from(bytes, std::byte{1});
  const mapping m = new_memfd(bytes);
  if (given.get("fresh", 0) == 0) std::memset(m.at, 2, bytes);
  crew workers([] {}, [&] { map_and_touch(m, items / crew::size); });
  const double start = now();
  std::memcpy(m.at, from.data(), bytes);
  const double copied = now() - start;
  workers.run();
  figure((now() - start) * 1e3, "ms").with("copy_ms", copied * 1e3).print();
}

void share_by_mapping(const arguments& given) {
  const long items = given.get("n", 16);
  const auto bytes = static_cast<std::size_t>(given.get("mib", 256)) * mib;
  const mapping m = new_memfd(bytes);
  std::memset(m.at, 1, bytes);
  const int flags = given.get("populate", 0) != 0 ? MAP_POPULATE : 0;
  crew workers([] {}, [&] { map_and_touch(m, items / crew::size, flags); });
  const double start = now();
  workers.run();
  figure((now() - start) * 1e3, "ms").print();
}

}  // namespace bench
