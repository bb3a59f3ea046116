// SPDX-License-Identifier: MIT
#include "cli/values.hpp"

#include <doctest/doctest.h>

#include <rapidcheck.h>
#include <array>
#include <clusterless/array.hpp>
#include <clusterless/codec_std.hpp>
#include <clusterless/file.hpp>
#include <clusterless/outcome.hpp>
#include <cmath>
#include <limits>
#include <optional>

#include "cli/npy.hpp"

namespace {

using namespace clusterless;
using cli::bytes;
using cli::json;

struct shot {
  int number = 0;
  std::string name;
  std::optional<double> depth;
};

template <class T>
detail::buffer encoded(const T& value) {
  detail::buffer out;
  writer to(out);
  codec<T>::put(to, value);
  return out;
}

template <class T>
json decoded(const T& value, cli::decode_options options = {}) {
  const auto raw = encoded(value);
  return cli::decode_value(cli::parse_schema(schema_of<T>()), {raw.data(), raw.size()}, options);
}

std::string text_of(const json& value) {
  return value.dump();
}

bytes of_text(std::string_view text) {
  return std::as_bytes(std::span(text));
}

}  // namespace

TEST_CASE("plain values become the JSON a reader expects") {
  CHECK(text_of(decoded(true)) == "true");
  CHECK(text_of(decoded(std::int8_t{-5})) == "-5");
  CHECK(text_of(decoded(std::numeric_limits<std::uint64_t>::max())) == "18446744073709551615");
  CHECK(text_of(decoded(std::string("Goodbye \"Bob\""))) == R"("Goodbye \"Bob\"")");
  CHECK(text_of(decoded(none{})) == "null");
  CHECK(text_of(decoded(0.1f)) == "0.1");
  CHECK(text_of(decoded(0.1)) == "0.1");
  CHECK(text_of(decoded(std::nan(""))) == "\"nan\"");
  CHECK(text_of(decoded(-std::numeric_limits<float>::infinity())) == "\"-inf\"");
}

TEST_CASE("lists, tuples, structs and optionals nest") {
  CHECK(text_of(decoded(std::vector<std::vector<int>>{{1, 2}, {}})) == "[[1,2],[]]");
  CHECK(text_of(decoded(std::array<float, 3>{1, 2.5, 3})) == "[1.0,2.5,3.0]");
  CHECK(text_of(decoded(std::pair<int, std::array<int, 3>>{7, {1, 2, 3}})) == "[7,[1,2,3]]");
  CHECK(text_of(decoded(shot{3, "north", 2.5})) == R"([3,"north",2.5])");
  CHECK(text_of(decoded(shot{4, "south", {}})) == R"([4,"south",null])");
  CHECK(text_of(decoded(clusterless::array<double>(2))) == "[0.0,0.0]");
}

TEST_CASE("text that is not UTF-8 is kept as base64") {
  CHECK(text_of(decoded(std::string("\xff\xfe!"))) == R"({"base64":"//4h"})");
  CHECK(text_of(decoded(std::string("\xed\xa0\x80"))) == R"({"base64":"7aCA"})");
  CHECK(text_of(decoded(std::string("Z\xc3\xbcrich"))) == "\"Z\xc3\xbcrich\"");
}

TEST_CASE("a file tells its name, mode and size, and hands over its contents") {
  std::vector<cli::met_file> files;
  const auto raw = encoded(file::from_contents("out.dat", "abc"));
  const auto value =
      cli::decode_value(cli::parse_schema("F"), {raw.data(), raw.size()}, {.files = &files});

  CHECK(text_of(value) == R"({"file":"out.dat","mode":"0644","bytes":3})");
  REQUIRE(files.size() == 1);
  CHECK(files[0].name == "out.dat");
  CHECK(files[0].contents.size() == 3);
}

TEST_CASE("maps, sets, variants and durations are what the standard library's are") {
  using namespace std::chrono_literals;
  using number_or_text = std::variant<int, std::string>;
  CHECK(text_of(decoded(std::map<std::string, int>{{"a", 1}, {"b", 2}})) == R"({"a":1,"b":2})");
  CHECK(text_of(decoded(std::multimap<std::string, int>{{"a", 1}, {"a", 2}})) ==
        R"([["a",1],["a",2]])");
  CHECK(text_of(decoded(std::map<int, int>{{1, 2}})) == "[[1,2]]");
  CHECK(text_of(decoded(std::set<int>{2, 1})) == "[1,2]");
  CHECK(text_of(decoded(1500ns)) == "1500");
  CHECK(text_of(decoded(std::complex<double>(1, -1))) == "[1.0,-1.0]");
  CHECK(text_of(decoded(number_or_text("x"))) == R"({"alternative":1,"value":"x"})");
}

TEST_CASE("variants that follow and hold each other are told apart") {
  using a = std::variant<int, bool>;
  using deep = std::variant<int, std::variant<a, std::string>, bool>;
  CHECK(
      text_of(decoded(std::tuple<a, a, a>{1, true, 3})) ==
      R"([{"alternative":0,"value":1},{"alternative":1,"value":true},{"alternative":0,"value":3}])");
  CHECK(text_of(decoded(deep(std::in_place_index<1>, a(5)))) ==
        R"({"alternative":1,"value":{"alternative":0,"value":{"alternative":0,"value":5}}})");
  CHECK(text_of(decoded(deep(true))) == R"({"alternative":2,"value":true})");
}

TEST_CASE("a broadcast in a value is its key") {
  const auto raw = encoded(std::pair<std::uint64_t, std::uint64_t>{1, 2});
  CHECK(text_of(cli::decode_value(cli::parse_schema("@s"), {raw.data(), raw.size()})) ==
        R"({"broadcast":"00000000000000010000000000000002"})");
}

TEST_CASE("long lists are cut where asked, and still checked to their end") {
  CHECK(text_of(decoded(std::vector<int>{1, 2, 3, 4}, {.keep = 2})) == R"([1,2,"… 2 more"])");
  CHECK(text_of(decoded(std::vector<std::string>{"a", "b"}, {.keep = 1})) == R"(["a","… 1 more"])");
  detail::buffer raw = encoded(std::vector<std::optional<int>>{1, 2, 3});
  raw.shrink_to(raw.size() - 1);
  CHECK_THROWS_AS(
      cli::decode_value(cli::parse_schema("[?i4]"), {raw.data(), raw.size()}, {.keep = 1}), error);
}

TEST_CASE("schemas that are none are refused by name") {
  for (const char* bad : {"", "i3", "i", "(i4", "[s", "0*i4", "*i4", "{s", "{s:i4", "|", "|i4",
                          "|i4|s", ";", "x", "i4i4", "99999999999999999999*b", "f1", "<s", "?"})
    CHECK_THROWS_AS(cli::parse_schema(bad), error);
  CHECK_THROWS_WITH_AS(cli::parse_schema(std::string(100, '[')),
                       doctest::Contains("nested too deeply"), error);
  CHECK(cli::in_words(cli::parse_schema("[(s2*f4?b)]")) ==
        "list of (text, 2 times f32, optional bool)");
}

TEST_CASE("counts that the bytes cannot hold allocate nothing") {
  const std::string huge("\xff\xff\xff\xff\xff\xff\xff\x7f", 8);
  for (const char* schema : {"s", "[i4]", "[s]", "{s:s}", "<i8>", "[1000000*f8]", "F"})
    CHECK_THROWS_AS(cli::decode_value(cli::parse_schema(schema), of_text(huge)), error);
  CHECK_THROWS_AS(cli::decode_value(cli::parse_schema("#f4"), of_text(huge + '\0')), error);
  CHECK_THROWS_AS(cli::decode_value(cli::parse_schema("#f4"), of_text(huge + '\1')), error);
  CHECK_THROWS_AS(cli::decode_value(cli::parse_schema("1000000*1000000*1000000*f8"), {}), error);
  CHECK_THROWS_AS(cli::decode_value(cli::parse_schema("b"), of_text("\2")), error);
  CHECK_THROWS_AS(cli::decode_value(cli::parse_schema("b"), of_text("\1\1")), error);
}

TEST_CASE("arrays of numbers become .npy files with their shape") {
  const auto raw = encoded(std::vector<std::array<float, 3>>{{1, 2, 3}, {4, 5, 6}});
  const auto made = cli::as_npy(cli::parse_schema("[3*f4]"), {raw.data(), raw.size()});

  REQUIRE(made);
  CHECK(made->head.size() % 64 == 0);
  CHECK(made->head.find("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, ), }") == 10);
  CHECK(made->data.size() == 24);
  CHECK_FALSE(cli::as_npy(cli::parse_schema("[s]"), {raw.data(), raw.size()}));
  CHECK_FALSE(cli::as_npy(cli::parse_schema("f4"), {raw.data(), raw.size()}));
  CHECK_THROWS_AS(cli::as_npy(cli::parse_schema("[f8]"), {raw.data(), raw.size() - 1}), error);
}

TEST_CASE("what the codec writes, the decoder reads back as JSON reads it") {
  const bool held =
      rc::check([](const std::vector<std::pair<std::string, std::vector<int>>>& rows) {
        json expected = json::array();
        for (const auto& [name, numbers] : rows) {
          if (!cli::is_utf8(name)) return;
          expected.push_back(json::array({name, numbers}));
        }
        RC_ASSERT(decoded(rows) == expected);
      });
  CHECK(held);
}
