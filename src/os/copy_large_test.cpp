// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <vector>

#include <clusterless/detail/segment.hpp>

using clusterless::detail::copy_large;
using clusterless::detail::large_copy;

TEST_CASE("a large copy is the same bytes and touches no others, wherever it begins and ends") {
  constexpr std::size_t room = large_copy + 512;
  std::vector<std::byte> from(room);
  for (std::size_t i = 0; i < room; ++i)
    from[i] = static_cast<std::byte>(i * 7 + i / 251);

  for (const std::size_t n : {std::size_t{0}, std::size_t{1}, large_copy - 1, large_copy,
                              large_copy + 1, large_copy + 63, large_copy + 130})
    for (const std::ptrdiff_t out_at : {0, 1, 16, 63})
      for (const std::ptrdiff_t in_at : {0, 3, 64}) {
        std::vector<std::byte> to(room, std::byte{0xa5});
        copy_large(to.data() + out_at, from.data() + in_at, n);
        REQUIRE(std::memcmp(to.data() + out_at, from.data() + in_at, n) == 0);
        const auto untouched = [](std::byte each) { return each == std::byte{0xa5}; };
        REQUIRE(std::all_of(to.begin(), to.begin() + out_at, untouched));
        REQUIRE(
            std::all_of(to.begin() + out_at + static_cast<std::ptrdiff_t>(n), to.end(), untouched));
      }
}
