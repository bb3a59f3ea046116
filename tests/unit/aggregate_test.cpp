// SPDX-License-Identifier: MIT
#include <complex>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <doctest/doctest.h>
#include <clusterless/codec_std.hpp>

#include "unit/round_trip.hpp"

using namespace clusterless;
using namespace clusterless::tests;
using detail::field_count;

namespace {

// Structs of 1 to 24 fields, numbers and texts in turn, so that none is copied whole.
#define NUMBER(n) int field_##n = n;
#define TEXT(n) std::string field_##n = std::string("field ") + #n;
#define FIELDS_1 NUMBER(1)
#define FIELDS_2 FIELDS_1 TEXT(2)
#define FIELDS_3 FIELDS_2 NUMBER(3)
#define FIELDS_4 FIELDS_3 TEXT(4)
#define FIELDS_5 FIELDS_4 NUMBER(5)
#define FIELDS_6 FIELDS_5 TEXT(6)
#define FIELDS_7 FIELDS_6 NUMBER(7)
#define FIELDS_8 FIELDS_7 TEXT(8)
#define FIELDS_9 FIELDS_8 NUMBER(9)
#define FIELDS_10 FIELDS_9 TEXT(10)
#define FIELDS_11 FIELDS_10 NUMBER(11)
#define FIELDS_12 FIELDS_11 TEXT(12)
#define FIELDS_13 FIELDS_12 NUMBER(13)
#define FIELDS_14 FIELDS_13 TEXT(14)
#define FIELDS_15 FIELDS_14 NUMBER(15)
#define FIELDS_16 FIELDS_15 TEXT(16)
#define FIELDS_17 FIELDS_16 NUMBER(17)
#define FIELDS_18 FIELDS_17 TEXT(18)
#define FIELDS_19 FIELDS_18 NUMBER(19)
#define FIELDS_20 FIELDS_19 TEXT(20)
#define FIELDS_21 FIELDS_20 NUMBER(21)
#define FIELDS_22 FIELDS_21 TEXT(22)
#define FIELDS_23 FIELDS_22 NUMBER(23)
#define FIELDS_24 FIELDS_23 TEXT(24)
#define STRUCT_OF(n)                                                                   \
  struct fields_##n {                                                                  \
    FIELDS_##n friend bool operator==(const fields_##n&, const fields_##n&) = default; \
  };
// Whole definitions, which the formatter takes for parts of one.
// clang-format off
STRUCT_OF(1) STRUCT_OF(2) STRUCT_OF(3) STRUCT_OF(4) STRUCT_OF(5) STRUCT_OF(6) STRUCT_OF(7) STRUCT_OF(8)
STRUCT_OF(9) STRUCT_OF(10) STRUCT_OF(11) STRUCT_OF(12) STRUCT_OF(13) STRUCT_OF(14) STRUCT_OF(15) STRUCT_OF(16)
STRUCT_OF(17) STRUCT_OF(18) STRUCT_OF(19) STRUCT_OF(20) STRUCT_OF(21) STRUCT_OF(22) STRUCT_OF(23) STRUCT_OF(24)
    // clang-format on
    struct fields_25 {
  FIELDS_24 int field_25 = 25;
};

template <class T>
void check_fields(std::size_t n) {
  CHECK(field_count<T>() == n);
  check_round_trip(T{});
  T changed;
  changed.field_1 = -1;
  check_round_trip(changed);
}

struct with_array {
  double numbers[3] = {};
  int last = 0;
};
struct with_array_at_end {
  int first = 0;
  char text[8] = {};
};
struct with_array_of_one {
  int first[1] = {};
};
struct with_base : fields_1 {
  int more = 0;
};
struct empty_base {};
struct with_empty_base : empty_base {
  int only = 0;
};
struct with_reference {
  int& other;
};
struct no_default {
  explicit no_default(int given) : n(given) {}
  int n;
};
struct with_no_default {
  int first = 0;
  no_default second;
  int third = 0;
};
struct all_sorts {
  std::optional<int> number = {};
  std::optional<std::string> text = {};
  std::vector<std::optional<double>> numbers = {};
  std::variant<int, std::string> either = {};
  std::filesystem::path path = {};
  std::complex<double> z = {};
  std::pair<std::string, int> pair = {};
  std::unique_ptr<int> pointer = {};
  std::function<void()>* function = nullptr;
};
struct constant {
  const int first = 0;
  mutable std::string second = {};
  friend bool operator==(const constant&, const constant&) = default;
};
struct inner {
  double x = 0;
  double y = 0;
};
struct of_structs {
  inner a = {};
  std::array<inner, 2> b = {};
};

}  // namespace

TEST_CASE("structs of 1 to 24 fields are taken apart and put together") {
  check_fields<fields_1>(1);
  check_fields<fields_2>(2);
  check_fields<fields_3>(3);
  check_fields<fields_4>(4);
  check_fields<fields_5>(5);
  check_fields<fields_6>(6);
  check_fields<fields_7>(7);
  check_fields<fields_8>(8);
  check_fields<fields_9>(9);
  check_fields<fields_10>(10);
  check_fields<fields_11>(11);
  check_fields<fields_12>(12);
  check_fields<fields_13>(13);
  check_fields<fields_14>(14);
  check_fields<fields_15>(15);
  check_fields<fields_16>(16);
  check_fields<fields_17>(17);
  check_fields<fields_18>(18);
  check_fields<fields_19>(19);
  check_fields<fields_20>(20);
  check_fields<fields_21>(21);
  check_fields<fields_22>(22);
  check_fields<fields_23>(23);
  check_fields<fields_24>(24);
}

TEST_CASE("structs that cannot be taken apart are known not to be") {
  CHECK(field_count<fields_25>() == 0);
  CHECK(field_count<with_array>() == 0);
  CHECK(field_count<with_array_at_end>() == 0);
  CHECK(field_count<with_base>() == 0);
  CHECK(field_count<with_empty_base>() == 0);
  CHECK(field_count<with_reference>() == 0);
  CHECK_FALSE(codec<with_array>::known);
  CHECK_FALSE(codec<with_array_of_one>::known);
  CHECK_FALSE(codec<std::vector<with_base>>::known);
  CHECK_FALSE(codec<std::string_view>::known);
  CHECK_FALSE(codec<std::tuple<>>::known);
  CHECK_FALSE(codec<long double>::known);
}

TEST_CASE("fields of any kind are counted once") {
  CHECK(field_count<all_sorts>() == 9);
  CHECK(field_count<with_no_default>() == 3);
  CHECK(field_count<of_structs>() == 2);
  CHECK(codec<of_structs>::raw);
  check_round_trip(constant{3, "three"});
}

TEST_CASE("structs that can only be moved come back") {
  struct holder {
    int n = 0;
    std::unique_ptr<std::string> text = {};
  };
  const holder back = decode<holder>(encode(holder{7, std::make_unique<std::string>("seven")}));
  CHECK(back.n == 7);
  REQUIRE(back.text);
  CHECK(*back.text == "seven");
}
