// SPDX-License-Identifier: MIT
#include "os/segments.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <cstdint>
#include <cstring>

using clusterless::detail::allocate_segment;
using clusterless::os::received_segments;
using clusterless::os::shared_part;

namespace {

constexpr std::size_t mib = std::size_t{1} << 20;

/// The segment as another process maps it.
clusterless::detail::segment_ptr seen_elsewhere(const clusterless::detail::segment_ptr& made,
                                                const std::shared_ptr<received_segments>& there) {
  const auto& part = shared_part(*made);
  REQUIRE(there->add(part.name, ::fcntl(part.fd, F_DUPFD_CLOEXEC, 0), part.capacity, false));
  return there->use(part.name, made->id);
}

}  // namespace

TEST_CASE("a segment holds what was asked for, and others see what is written to it") {
  const auto there = std::make_shared<received_segments>();
  for (const std::size_t bytes :
       {std::size_t{1}, 100'000 * std::size_t{1}, 2 * mib - 1, 2 * mib, 5 * mib + 24, 16 * mib}) {
    const auto made = allocate_segment(bytes);
    REQUIRE(made->capacity >= bytes);
    CHECK(made->writable);
    std::memset(made->data, 0x5a, bytes);
    const auto seen = seen_elsewhere(made, there);
    REQUIRE(seen);
    CHECK_FALSE(seen->writable);
    CHECK(std::memcmp(seen->data, made->data, bytes) == 0);
    made->data[bytes - 1] = std::byte{1};
    CHECK(seen->data[bytes - 1] == std::byte{1});
  }
}

TEST_CASE("segments of at least a huge page begin where one can be mapped, in every process") {
  constexpr std::uintptr_t huge = 2 * mib;
  const auto there = std::make_shared<received_segments>();
  for (const std::size_t bytes : {2 * mib, 3 * mib, 8 * mib}) {
    const auto made = allocate_segment(bytes);
    const auto seen = seen_elsewhere(made, there);
    CHECK(reinterpret_cast<std::uintptr_t>(made->data) % huge == 0);
    CHECK(reinterpret_cast<std::uintptr_t>(seen->data) % huge == 0);
  }
}

TEST_CASE("a segment that is let go is used again, also for more than it held before") {
  std::uint64_t name = 0;
  {
    const auto made = allocate_segment(5 * mib);
    name = shared_part(*made).name;
    std::memset(made->data, 1, 5 * mib);
  }
  const auto again = allocate_segment(7 * mib);
  CHECK(shared_part(*again).name == name);
  std::memset(again->data, 2, 7 * mib);
  CHECK(again->data[7 * mib - 1] == std::byte{2});
}
