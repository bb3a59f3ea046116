// SPDX-License-Identifier: MIT
// Maps outside of a task run in place, which shows what ranges, callables and folds do without any
// process.
#include <algorithm>
#include <list>
#include <memory>
#include <numeric>
#include <ranges>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <clusterless/clusterless.hpp>
#include <clusterless/codec_std.hpp>

namespace cl = clusterless;

namespace {

using numbers = std::vector<double>;

double half(double x) {
  return x / 2;
}
std::string shout(std::string&& text) {
  return std::move(text) + "!";
}
numbers halves(int n) {
  numbers all;
  for (int i = 0; i < n; ++i)
    all.push_back(i / 2.0);
  return all;
}

struct counter {
  struct iterator {
    int at;
    int breaks_at = -1;
    int operator*() const {
      if (at == breaks_at) throw std::runtime_error("the range broke");
      return at;
    }
    iterator& operator++() { return ++at, *this; }
    bool operator==(const iterator& other) const { return at == other.at; }
  };
  int n;
  int breaks_at = -1;
  std::unique_ptr<int> cannot_be_copied = {};
  iterator begin() { return {0, breaks_at}; }
  iterator end() { return {n}; }
};

}  // namespace

TEST_CASE("a map takes any range and keeps its order") {
  const int c_array[] = {0, 1, 2};
  CHECK(cl::pmap(half, numbers{0, 1, 2}) == halves(3));
  CHECK(cl::pmap(half, c_array) == halves(3));
  CHECK(cl::pmap(half, {0, 1, 2}) == halves(3));
  CHECK(cl::pmap(half, 3) == halves(3));
  CHECK(cl::pmap(half, std::list<float>{0, 1, 2}) == halves(3));
  CHECK(cl::pmap(half, counter{3}) == halves(3));
  CHECK(cl::pmap(half, numbers{}).empty());
  CHECK(cl::pmap(half, 0).empty());
#if !defined(__clang__) || __clang_major__ >= 16  // older ones cannot use views of libstdc++
  CHECK(cl::pmap(half, std::views::iota(0, 3)) == halves(3));
  const auto even = std::views::iota(0, 10) | std::views::filter([](int i) { return i % 2 == 0; });
  CHECK(cl::pmap([](int i) { return i; }, even) == std::vector<int>{0, 2, 4, 6, 8});
#endif
  CHECK(cl::pmap([](bool b) { return !b; }, std::vector<bool>{true, false}) ==
        std::vector<bool>{false, true});
}

TEST_CASE("a map of more items than one pack holds keeps its order") {
  const auto all = cl::pmap([](int i) { return 3 * i; }, 100'000);
  REQUIRE(all.size() == 100'000);
  for (int i = 0; i < 100'000; ++i)
    REQUIRE(all[static_cast<std::size_t>(i)] == 3 * i);
}

TEST_CASE("items are converted to the parameter when nothing is lost") {
  CHECK(cl::pmap(shout, {"a", "b"}) == std::vector<std::string>{"a!", "b!"});
  const auto present = [](const std::optional<int>& x) { return x.has_value(); };
  CHECK(cl::pmap(present, {1, 2}) == std::vector<bool>{true, true});
}

TEST_CASE("bound values are given to every item after the item") {
  const auto line = [](double x, double slope, const numbers& offsets) {
    return slope * x + std::accumulate(offsets.begin(), offsets.end(), 0.0);
  };
  CHECK(cl::pmap(cl::bind(line, 2, numbers{1, 2}), 3) == numbers{3, 5, 7});
  const auto join = [](int i, const std::string& unit) { return std::to_string(i) + unit; };
  CHECK(cl::pmap(cl::bind(join, "km"), 2) == std::vector<std::string>{"0km", "1km"});
}

TEST_CASE("results that can only be moved are handed over") {
  const auto made = cl::pmap([](int i) { return std::make_unique<int>(i); }, 3);
  CHECK(*made[2] == 2);
}

TEST_CASE("functions that return nothing return none for each item") {
  CHECK(cl::pmap([](int) {}, 3) == std::vector<cl::none>(3));
}

TEST_CASE("the error of the lowest failed item is thrown") {
  const auto fail = [](int i) -> int {
    if (i % 2 == 1) throw std::out_of_range("item " + std::to_string(i));
    return i;
  };
  try {
    cl::pmap(fail, 6);
    FAIL("nothing was thrown");
  } catch (const cl::remote_error& caught) {
    CHECK(caught.item() == 1);
    CHECK(caught.cause() == cl::cause::exception);
    CHECK(caught.type() == "std::out_of_range");
    CHECK(caught.message() == "item 1");
  }
}

TEST_CASE("map_reduce folds in input order with an operation that need not commute") {
  const auto digit = [](int i) { return std::to_string(i % 10); };
  const auto join = [](std::string all, const std::string& one) { return all + one; };
  CHECK(cl::map_reduce(digit, 12, std::string("> "), join) == "> 012345678901");
  int calls = 0;
  CHECK(cl::map_reduce(half, 5, 1.0, [&](double t, double x) { return ++calls, t + x; }) == 6.0);
  CHECK(calls == 5);
}

TEST_CASE("a call of process 1 from process 1 is a call") {
  CHECK(cl::remote_call(1, half, 3.0) == 1.5);
  CHECK(cl::remote_call(1, [] { return std::string("no parameters"); }) == "no parameters");
  CHECK(cl::remote_call(
      1, [](double x) { return x > 1; }, 2.0));
  CHECK_THROWS_AS(cl::remote_call(7, half, 3.0), cl::error);
}

TEST_CASE("counts that no item can hold are refused") {
  const auto same = [](std::int8_t i) { return i; };
  CHECK(cl::pmap(same, 128).size() == 128);
  CHECK_THROWS_AS(cl::pmap(same, 129), cl::error);
  CHECK_THROWS_AS(cl::pmap(half, -1), cl::error);
  CHECK_THROWS_AS(cl::pmap([](float x) { return x; }, (1 << 24) + 2), cl::error);
}

TEST_CASE("what a range throws comes out of the map") {
  CHECK_THROWS_WITH(cl::pmap(half, counter{10, 5}), "the range broke");
}
