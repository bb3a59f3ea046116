// SPDX-License-Identifier: MIT
#include <chrono>
#include <limits>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>
#include <rapidcheck.h>
#include <clusterless/codec_std.hpp>
#include <clusterless/outcome.hpp>

#include "unit/round_trip.hpp"

using namespace clusterless;
using namespace clusterless::tests;
using namespace std::chrono_literals;

namespace {

struct throws_when_copied {
  throws_when_copied() = default;
  throws_when_copied(const throws_when_copied&) { throw std::runtime_error("copied"); }
  throws_when_copied& operator=(const throws_when_copied&) = default;
};

}  // namespace

namespace clusterless {
template <>
struct codec<throws_when_copied> : codec<none> {
  static void put(writer& out, const throws_when_copied&) { codec<none>::put(out, none{}); }
  static throws_when_copied get(reader& in) { return codec<none>::get(in), throws_when_copied(); }
};
}  // namespace clusterless

TEST_CASE("lists and deques come back in order") {
  check_round_trip(std::deque<int>{3, 1, 2});
  check_round_trip(std::list<std::string>{"b", "", "a"});
  CHECK(encode(std::list<int>{1, 2}) == encode(std::vector<int>{1, 2}));
}

TEST_CASE("maps come back with every key and value") {
  check_round_trip(std::map<std::string, int>{{"a", 1}, {"b", 2}});
  check_round_trip(std::map<int, std::vector<std::string>, std::greater<>>{{1, {"x"}}, {2, {}}});
  check_round_trip(std::unordered_map<std::string, double>{{"pi", 3.14}});
  check_round_trip(std::multimap<int, std::string>{{1, "first"}, {1, "second"}, {2, "third"}});
  check_round_trip(std::unordered_multimap<int, int>{{1, 2}});
  check_round_trip(std::map<std::string, std::map<int, bool>>{{"in", {{1, true}}}});
}

TEST_CASE("sets come back with every element") {
  check_round_trip(std::set<std::string>{"a", "b"});
  check_round_trip(std::multiset<int>{1, 1, 2});
  check_round_trip(std::unordered_set<int>{5});
  check_round_trip(std::unordered_multiset<std::string>{"x", "x"});
}

TEST_CASE("a key that comes twice is refused where keys are unique") {
  const encoded twice = encode(std::multimap<int, std::string>{{1, "a"}, {1, "b"}});
  CHECK_FALSE(decodes<std::map<int, std::string>>(twice));
  CHECK_FALSE(decodes<std::unordered_map<int, std::string>>(twice));
  CHECK_FALSE(decodes<std::set<int>>(encode(std::vector<int>{7, 7})));
  CHECK_FALSE(decodes<std::unordered_set<int>>(encode(std::vector<int>{7, 7})));
  CHECK_THROWS_WITH_AS(
      (decode<std::map<int, std::string>>(twice)),
      "clusterless: damaged or foreign bytes: a map or set with the same key twice", codec_error);
}

TEST_CASE("variants come back as the alternative they were") {
  using value = std::variant<std::monostate, int, std::string, int>;
  check_round_trip(value(std::in_place_index<0>));
  check_round_trip(value(std::in_place_index<1>, 7));
  check_round_trip(value("text"));
  check_round_trip(value(std::in_place_index<3>, 7));
  CHECK(decode<value>(encode(value(std::in_place_index<3>, 7))).index() == 3);
  encoded other = encode(value());
  other[0] = std::byte{4};
  CHECK_FALSE(decodes<value>(other));
}

TEST_CASE("a valueless variant is refused when it is sent") {
  std::variant<int, throws_when_copied> value = 1;
  const throws_when_copied fragile;
  CHECK_THROWS_AS(value = fragile, std::runtime_error);
  if (value.valueless_by_exception()) CHECK_THROWS_AS(encode(value), error);
}

TEST_CASE("unique_ptr comes back empty or with its value") {
  CHECK(decode<std::unique_ptr<int>>(encode(std::unique_ptr<int>())) == nullptr);
  CHECK(*decode<std::unique_ptr<int>>(encode(std::make_unique<int>(7))) == 7);
  CHECK_FALSE(decodes<std::unique_ptr<int>>({std::byte{2}}));
}

TEST_CASE("durations and points in time come back exactly") {
  check_round_trip(0ns);
  check_round_trip(-1ns);
  check_round_trip(std::chrono::nanoseconds::max());
  check_round_trip(std::chrono::hours(24 * 365 * 200));
  check_round_trip(std::chrono::duration<short, std::ratio<60>>(-7));
  check_round_trip(std::chrono::duration<double>(0.1));
  check_round_trip(std::chrono::duration<std::int64_t, std::pico>(1));
  check_round_trip(std::chrono::duration<int, std::ratio<1, 30>>(29));
  check_round_trip(std::chrono::system_clock::now());
  check_round_trip(std::chrono::sys_days(std::chrono::days(20'000)));
  CHECK(encode(1h) == encode(3'600'000'000'000ns));
}

TEST_CASE("durations that their type cannot hold are refused") {
  CHECK_THROWS_AS(encode(std::chrono::hours::max()), error);
  CHECK_FALSE(decodes<std::chrono::seconds>(encode(1'500ms)));
  CHECK_FALSE(decodes<std::chrono::duration<short>>(encode(24h)));
  CHECK_FALSE(decodes<std::chrono::duration<unsigned>>(encode(-1s)));
}

TEST_CASE("complex numbers, bitsets and paths come back as they were") {
  check_round_trip(std::complex<float>(1, -2));
  check_round_trip(std::vector<std::complex<double>>{{1, 2}, {3, 4}});
  check_round_trip(std::bitset<1>(1));
  check_round_trip(std::bitset<9>("100000001"));
  check_round_trip(std::bitset<64>(0x8000'0000'0000'0001));
  check_round_trip(std::filesystem::path("/a/../b c\n"));
  CHECK(codec<std::complex<float>>::raw);
  CHECK_FALSE(decodes<std::bitset<9>>({std::byte{0}, std::byte{2}}));
}

TEST_CASE("any value of the standard library comes back as it was") {
  CHECK(rc::check("map", [](const std::map<std::string, std::vector<int>>& value) {
    RC_ASSERT(decode<std::decay_t<decltype(value)>>(encode(value)) == value);
  }));
  CHECK(rc::check("hash map", [](const std::unordered_map<int, std::string>& value) {
    RC_ASSERT((decode<std::unordered_map<int, std::string>>(encode(value)) == value));
  }));
  CHECK(rc::check("set", [](const std::set<std::string>& value) {
    RC_ASSERT(decode<std::set<std::string>>(encode(value)) == value);
  }));
  CHECK(rc::check("hostile", [](const std::vector<std::uint8_t>& given) {
    encoded bytes;
    for (const auto byte : given)
      bytes.push_back(static_cast<std::byte>(byte % 4));
    decodes<std::map<std::string, std::variant<int, std::string>>>(bytes);
    decodes<std::list<std::set<std::uint16_t>>>(bytes);
  }));
}

TEST_CASE("schemas of the standard library's types") {
  CHECK(schema_of<std::map<std::string, int>>() == "{s:i4}");
  CHECK(schema_of<std::unordered_multimap<int, std::vector<float>>>() == "{i4:[f4]}");
  CHECK(schema_of<std::set<std::string>>() == "<s>");
  CHECK(schema_of<std::deque<double>>() == "[f8]");
  CHECK(schema_of<std::variant<int, std::string>>() == "|i4|s;");
  CHECK(schema_of<std::unique_ptr<std::string>>() == "?s");
  CHECK(schema_of<std::chrono::hours>() == "d");
  CHECK(schema_of<std::chrono::duration<double>>() == "f8");
  CHECK(schema_of<std::chrono::system_clock::time_point>() == "d");
  CHECK(schema_of<std::complex<float>>() == "(f4,f4)");
  CHECK(schema_of<std::bitset<9>>() == "2*u1");
  CHECK(schema_of<std::filesystem::path>() == "s");
}

TEST_CASE("times of a clock that starts with the machine cannot be sent") {
  CHECK_FALSE(codec<std::chrono::steady_clock::time_point>::known);
  CHECK_FALSE(codec<std::map<std::string, std::thread*>>::known);
  CHECK_FALSE(codec<std::variant<int, const char*>>::known);
}
