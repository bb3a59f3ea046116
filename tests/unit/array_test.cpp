// SPDX-License-Identifier: MIT
#include <cstring>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <clusterless/array.hpp>

#include "unit/round_trip.hpp"

using namespace clusterless;
using namespace clusterless::tests;

namespace {

constexpr std::size_t large = detail::segment_threshold / sizeof(float);

struct sent {
  detail::buffer bytes;
  detail::segment_list beside;
};

template <class T>
sent send(const T& value) {
  sent out;
  writer to(out.bytes, &out.beside);
  codec<T>::put(to, value);
  return out;
}
template <class T>
T received(const sent& what) {
  reader in(what.bytes.data(), what.bytes.size(), &what.beside);
  T value = codec<T>::get(in);
  expect_end(in);
  return value;
}
template <class T>
const T* address(const array<T>& of) {
  return of.data();
}

}  // namespace

TEST_CASE("arrays start as zeros, or as what they are given") {
  const array<double> zeros(1000);
  for (const double x : zeros)
    CHECK(x == 0);
  const int numbers[] = {1, 2, 3};
  const array<int> given(numbers, 3);
  CHECK(given.size() == 3);
  CHECK(given[2] == 3);
  CHECK(array<int>().empty());
  CHECK(array<int>(0).begin() == array<int>(0).end());
}

TEST_CASE("memory that was used before is zero in a new array") {
  for (int round = 0; round < 3; ++round) {
    array<float> used(large);
    CHECK(used == array<float>(large));
    for (float& x : used)
      x = 7;
  }
}

TEST_CASE("copies share their memory until one is written to") {
  array<float> first(large);
  first[0] = 1;
  array<float> second = first;
  CHECK(address(first) == address(second));

  second[0] = 2;
  CHECK(address(first) != address(second));
  CHECK(std::as_const(first)[0] == 1);
  CHECK(std::as_const(second)[0] == 2);
  CHECK(std::as_const(second)[1] == 0);
}

TEST_CASE("an array that is alone is written to in place") {
  array<float> only(large);
  const float* before = address(only);
  only[3] = 1;
  { const array<float> copy = only; }
  only[4] = 1;
  CHECK(address(only) == before);
  const array<float> moved = std::move(only);
  CHECK(address(moved) == before);
}

TEST_CASE("a large array is sent by reference, a small one in the bytes") {
  const array<float> small(large - 1);
  CHECK(send(small).beside.empty());
  CHECK(received<array<float>>(send(small)) == small);
  array<float> big(large);
  big[5] = 5;
  const sent message = send(big);
  CHECK(message.beside.size() == 1);
  CHECK(message.bytes.size() < 64);
  const array<float> back = received<array<float>>(message);
  CHECK(back == big);
  CHECK(address(back) == address(big));
}

TEST_CASE("what is written after sending is not seen by the receiver, nor the other way round") {
  array<float> here(large);
  array<float> there = received<array<float>>(send(here));
  here[0] = 1;
  CHECK(std::as_const(there)[0] == 0);
  there[0] = 2;
  CHECK(std::as_const(here)[0] == 1);
}

TEST_CASE("arrays without a segment list come back from the bytes alone") {
  array<std::uint16_t> value(5);
  value[4] = 9;
  check_round_trip(value);
  check_round_trip(array<std::uint16_t>());
  check_round_trip(array<float>(large).size());
  CHECK(decode<array<float>>(encode(array<float>(large))) == array<float>(large));
}

TEST_CASE("a reference to a segment that is not there, or is too short, is refused") {
  const sent message = send(array<float>(large));
  const auto refused = [&](const detail::segment_list* beside, std::uint64_t count) {
    encoded bytes(message.bytes.data(), message.bytes.data() + message.bytes.size());
    std::memcpy(bytes.data(), &count, sizeof count);
    reader in(bytes.data(), bytes.size(), beside);
    CHECK_THROWS_AS(codec<array<float>>::get(in), codec_error);
  };
  const detail::segment_list none_sent;
  refused(nullptr, large);
  refused(&none_sent, large);
  refused(&message.beside, message.beside[0]->capacity / sizeof(float) + 1);
  refused(&message.beside, ~0ull);
}

TEST_CASE("an array in a struct, a list or an optional keeps its reference") {
  struct record {
    int n = 0;
    std::vector<array<float>> traces = {};
    std::optional<array<float>> maybe = {};
  };
  record value{3, {array<float>(large), array<float>(1)}, array<float>(large)};
  value.traces[0][7] = 7;
  const sent message = send(value);
  CHECK(message.beside.size() == 2);
  const record back = received<record>(message);
  CHECK(back.traces == value.traces);
  CHECK(back.maybe == value.maybe);
  CHECK(address(back.traces[0]) == address(value.traces[0]));
}

TEST_CASE("a count that no memory can hold is an exception, not a wrapped size") {
  CHECK_THROWS_AS(array<double>(~std::size_t{0} / 4), std::bad_alloc);
  CHECK_THROWS_AS(array<double>(std::size_t{1} << 50), std::bad_alloc);
}

TEST_CASE("the schema of an array names its element") {
  CHECK(schema_of<array<float>>() == "#f4");
  CHECK(schema_of<std::vector<array<std::int32_t>>>() == "[#i4]");
}
