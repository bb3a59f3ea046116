// SPDX-License-Identifier: MIT
#include "session/function_table.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstdlib>

#include <clusterless/clusterless.hpp>

using namespace clusterless;
using namespace clusterless::session;

namespace {

int thrice(int x) {
  return 3 * x;
}

}  // namespace

TEST_CASE("a mapped function is found again by its place") {
  const auto call = detail::make_call(&thrice);
  const auto place = place_of(call.function, call.target);
  const auto found = function_at(place);
  CHECK(found.entry == call.function);
  CHECK(found.target == reinterpret_cast<const void*>(&thrice));
}

TEST_CASE("what workers could not prove to be a function is refused before it is sent") {
  const auto call = detail::make_call(&thrice);
  const auto* inside = static_cast<const std::byte*>(call.target) + 1;
  CHECK_THROWS_WITH_AS(place_of(call.function, inside), doctest::Contains("-static-pie"), error);
  CHECK_THROWS_WITH_AS(place_of(call.function, reinterpret_cast<const void*>(&std::abort)),
                       doctest::Contains("differs from process to process"), error);
  auto place = place_of(call.function, call.target);
  ++place.target_offset;
  CHECK_THROWS_WITH_AS(function_at(place), doctest::Contains("no function starts"), error);
}
