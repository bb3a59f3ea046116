// SPDX-License-Identifier: MIT
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <rapidcheck.h>
#include <clusterless/codec.hpp>
#include <clusterless/outcome.hpp>

#include "unit/round_trip.hpp"

using namespace clusterless;
using namespace clusterless::tests;

namespace {

enum class colour : std::uint8_t { red = 1, green = 2 };
enum old_style { one = 1, two = 2 };

struct point {
  double x = 0;
  double y = 0;
  friend bool operator==(const point&, const point&) = default;
};
struct padded_struct {
  char letter = 0;
  double number = 0;
  friend bool operator==(const padded_struct&, const padded_struct&) = default;
};
struct nested_struct {
  std::string name = {};
  std::vector<point> outline = {};
  std::optional<point> centre = {};
  std::array<padded_struct, 2> pair = {};
  colour paint = colour::red;
  none nothing = {};
  friend bool operator==(const nested_struct&, const nested_struct&) = default;
};
struct flags {
  unsigned low : 3 = 0;
  int high : 5 = 0;
  friend bool operator==(const flags&, const flags&) = default;
};

template <class T>
void check_limits() {
  check_round_trip(std::numeric_limits<T>::min());
  check_round_trip(std::numeric_limits<T>::max());
  check_round_trip(std::numeric_limits<T>::lowest());
  check_round_trip(T{1});
  check_round_trip(std::vector<T>{T{0}, T{1}, std::numeric_limits<T>::max()});
}

template <class T>
void check_any(const char* what) {
  CHECK(rc::check(what, [](const T& value) {
    const encoded bytes = encode(value);
    RC_ASSERT(decode<T>(bytes) == value);
    RC_ASSERT(encode(decode<T>(bytes)) == bytes);
  }));
}

}  // namespace

TEST_CASE("numbers come back as they were") {
  check_limits<signed char>();
  check_limits<unsigned char>();
  check_limits<char>();
  check_limits<short>();
  check_limits<unsigned short>();
  check_limits<int>();
  check_limits<unsigned>();
  check_limits<long>();
  check_limits<unsigned long long>();
  check_limits<char16_t>();
  check_limits<float>();
  check_limits<double>();
  check_round_trip(std::numeric_limits<double>::infinity());
  CHECK(std::isnan(decode<double>(encode(std::nan("1")))));
  CHECK(std::signbit(decode<float>(encode(-0.0f))));
}

TEST_CASE("bools and enums come back, and bytes that are no bool are refused") {
  check_round_trip(true);
  check_round_trip(false);
  check_round_trip(colour::green);
  check_round_trip(two);
  check_round_trip(std::vector<bool>{true, false, true});
  CHECK_FALSE(decodes<bool>({std::byte{2}}));
  CHECK_FALSE(decodes<none>({std::byte{1}}));
}

TEST_CASE("texts and containers come back as they were") {
  check_round_trip(std::string());
  check_round_trip(std::string("a\0b\n\xff", 5));
  check_round_trip(std::string(10'000, 'x').substr(0, 300));
  check_round_trip(std::vector<int>{});
  check_round_trip(std::vector<std::string>{"", "one", "two"});
  check_round_trip(std::vector<std::vector<std::string>>{{}, {"a"}, {"b", "c"}});
  check_round_trip(std::array<int, 3>{1, 2, 3});
  check_round_trip(std::array<std::string, 2>{"x", "y"});
  check_round_trip(std::optional<int>{});
  check_round_trip(std::optional<std::string>{"here"});
  check_round_trip(std::optional<std::optional<int>>{std::optional<int>{}});
  check_round_trip(std::pair<int, std::string>{7, "seven"});
  check_round_trip(std::tuple<int, std::string, bool>{7, "seven", true});
  check_round_trip(std::tuple<std::string>{"alone"});
}

TEST_CASE("structs come back as they were") {
  check_round_trip(none{});
  check_round_trip(point{1, 2});
  check_round_trip(padded_struct{'a', 2});
  check_round_trip(
      nested_struct{"n", {{1, 2}, {3, 4}}, point{5, 6}, {{{'a', 1}, {'b', 2}}}, colour::green, {}});
  check_round_trip(std::vector<nested_struct>(3));
  CHECK(decode<flags>(encode(flags{5, -3})) == flags{5, -3});
}

TEST_CASE("any value comes back as it was") {
  check_any<std::vector<std::int64_t>>("numbers");
  check_any<std::vector<std::string>>("texts");
  check_any<std::vector<std::vector<std::uint8_t>>>("bytes");
  check_any<std::tuple<bool, std::string, std::vector<std::pair<int, std::string>>>>("tuples");
  check_any<std::vector<bool>>("bits");
}

TEST_CASE("any bytes are a value or one codec_error") {
  using mixed = std::tuple<std::vector<std::string>, std::vector<std::optional<point>>,
                           std::vector<std::array<std::string, 2>>, bool>;
  CHECK(rc::check("hostile bytes", [](const std::vector<std::uint8_t>& given) {
    encoded bytes;
    for (const auto byte : given)
      bytes.push_back(static_cast<std::byte>(byte % 4));  // small counts are worth more
    decodes<mixed>(bytes);
    decodes<nested_struct>(bytes);
  }));
}

TEST_CASE("numbers in a row are copied whole, with the bytes they have one by one") {
  const std::vector<point> points = {{1, 2}, {3, 4}, {5, 6}};
  encoded one_by_one = encode(std::uint64_t{3});
  for (const point& p : points)
    for (const double x : {p.x, p.y})
      for (const std::byte b : encode(x))
        one_by_one.push_back(b);
  CHECK(codec<point>::raw);
  CHECK(encode(points) == one_by_one);
  CHECK(codec<std::array<point, 3>>::raw);
  CHECK(encode(std::array<point, 3>{points[0], points[1], points[2]}) ==
        encoded(one_by_one.begin() + 8, one_by_one.end()));
}

TEST_CASE("structs with padding are sent field by field, so that no stray bytes travel") {
  CHECK_FALSE(codec<padded_struct>::raw);
  CHECK(encode(padded_struct{'a', 1}).size() == 1 + sizeof(double));
  CHECK_FALSE(codec<flags>::raw);
  CHECK_FALSE(codec<bool>::raw);  // not all bytes are one
}

TEST_CASE("unaligned numbers are read where they lie") {
  const std::pair<bool, std::vector<double>> value = {true, {1, 2, 3}};
  CHECK(decode<std::pair<bool, std::vector<double>>>(encode(value)) == value);
}

TEST_CASE("errors name how many bytes were wanted and how many there are") {
  CHECK_THROWS_WITH_AS(
      decode<std::uint64_t>(encoded(3)),
      "clusterless: damaged or foreign bytes: a value needs 8 bytes and 3 are left", codec_error);
  CHECK_THROWS_WITH_AS(decode<std::vector<int>>(encode(std::uint64_t{1} << 62)),
                       "clusterless: damaged or foreign bytes: a count of 4611686018427387904 "
                       "elements of 4 bytes or more, where 0 bytes are left",
                       codec_error);
  CHECK_THROWS_WITH_AS(decode<int>(encoded(5)),
                       "clusterless: damaged or foreign bytes: bytes left over after the value",
                       codec_error);
}

TEST_CASE("schemas tell types apart as docs/guide/values.md says") {
  CHECK(schema_of<bool>() == "b");
  CHECK(schema_of<signed char>() == "i1");
  CHECK(schema_of<std::uint16_t>() == "u2");
  CHECK(schema_of<long long>() == "i8");
  CHECK(schema_of<float>() == "f4");
  CHECK(schema_of<colour>() == "u1");
  CHECK(schema_of<std::string>() == "s");
  CHECK(schema_of<std::vector<std::string>>() == "[s]");
  CHECK(schema_of<std::array<std::array<double, 2>, 3>>() == "3*2*f8");
  CHECK(schema_of<std::optional<int>>() == "?i4");
  CHECK(schema_of<std::pair<int, std::vector<bool>>>() == "(i4,[b])");
  CHECK(schema_of<std::tuple<std::string, float, none>>() == "(s,f4,())");
  CHECK(schema_of<nested_struct>() == "(s,[(f8,f8)],?(f8,f8),2*(i1,f8),u1,())");
  CHECK(schema_of<flags>() == "(u4,i4)");
}
