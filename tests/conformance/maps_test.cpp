// SPDX-License-Identifier: MIT
// What can be mapped, over what, and that values come back whole and in order.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <deque>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "conformance/pool_under_test.hpp"

namespace cl = clusterless;
using conformance::make_pool;

namespace {

int square(int x) {
  return x * x;
}
std::string greet(const std::string& name) {
  return "Hello " + name;
}

struct point {
  double x = 0;
  double y = 0;
  bool operator==(const point&) const = default;
};
struct track {
  std::string name = {};
  std::vector<point> points = {};
  std::optional<int> rank = {};
  bool operator==(const track&) const = default;
};
track mirrored(track t) {
  std::reverse(t.points.begin(), t.points.end());
  t.name += " mirrored";
  if (t.rank) *t.rank = -*t.rank;
  return t;
}

struct cube {
  long operator()(long x) const { return x * x * x; }
};

double scaled(double x, double factor, const std::vector<double>& offsets) {
  return std::accumulate(offsets.begin(), offsets.end(), x * factor);
}

void note_it(const std::string& path) {
  conformance::touch(path);
}

std::string grown(std::size_t n) {
  return std::string(n, static_cast<char>('a' + n % 26));
}

/// 0 … n-1, each element after a while of work.
class slow_count {
 public:
  explicit slow_count(int n) : n_(n) {}
  struct last {};
  class iterator {
   public:
    using value_type = int;
    using difference_type = std::ptrdiff_t;
    iterator(int at, int n) : at_(at), n_(n) {}
    int operator*() const {
      const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(8);
      while (std::chrono::steady_clock::now() < until) {
      }
      return at_;
    }
    iterator& operator++() {
      ++at_;
      return *this;
    }
    bool operator==(last) const { return at_ == n_; }

   private:
    int at_;
    int n_;
  };
  iterator begin() const { return {0, n_}; }
  last end() const { return {}; }

 private:
  int n_;
};

/// Counts down to 1; input iterators only, of unknown length.
class countdown {
 public:
  explicit countdown(int from) : from_(from) {}
  countdown(countdown&&) = default;
  struct last {};
  class iterator {
   public:
    using value_type = int;
    using difference_type = std::ptrdiff_t;
    explicit iterator(int at) : at_(at) {}
    int operator*() const { return at_; }
    iterator& operator++() {
      --at_;
      return *this;
    }
    bool operator==(last) const { return at_ <= 0; }

   private:
    int at_;
  };
  iterator begin() const { return iterator(from_); }
  last end() const { return {}; }

 private:
  int from_;
};

}  // namespace

TEST_CASE("values come back in the order of the items") {
  auto pool = make_pool(3);
  std::vector<int> items(500);
  std::iota(items.begin(), items.end(), -100);

  const auto values = pool.pmap(square, items).fetch();

  REQUIRE(values.size() == items.size());
  for (std::size_t i = 0; i < items.size(); ++i)
    CHECK(values[i] == items[i] * items[i]);
}

TEST_CASE("a map over nothing has no values and is finished") {
  auto pool = make_pool(1);
  const std::vector<int> none;

  auto job = pool.pmap(square, none);

  CHECK(job.fetch().empty());
  CHECK(job.outcomes().empty());
  CHECK(job.status().finished);
  CHECK(job.status().total == 0);
  CHECK(pool.pmap(square, 0).fetch().empty());
  CHECK(pool.pmap(square, countdown(0)).fetch().empty());
  CHECK(job.reduce(7, [](int a, int b) { return a + b; }) == 7);
  for ([[maybe_unused]] const auto& each : job.completed())
    FAIL("an outcome of no item");
}

TEST_CASE("a single call runs on a node") {
  auto pool = make_pool(2);

  CHECK(pool.run(greet, std::string("Bob")).fetch(0) == "Hello Bob");
  CHECK(pool.run(greet, "Alice").fetch() == std::vector<std::string>{"Hello Alice"});
  CHECK(pool.run(scaled, 2.0, 10.0, std::vector<double>{1, 2}).fetch(0) == 23.0);
}

TEST_CASE("20,000 tiny items all come back") {
  auto pool = make_pool(4);

  const auto values = pool.pmap([](int x) { return std::int64_t{x} * 3; }, 20'000).fetch();

  REQUIRE(values.size() == 20'000);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] != static_cast<std::int64_t>(i) * 3) FAIL_CHECK("item " << i);
}

TEST_CASE("structs, strings and containers travel whole") {
  auto pool = make_pool(2);
  const std::vector<track> tracks = {{"a", {{1, 2}, {3, 4}}, 5},
                                     {"", {}, std::nullopt},
                                     {std::string("nul \0 and \xff", 11), {{NAN, -0.0}}, -1}};

  auto values = pool.pmap(mirrored, tracks).fetch();

  REQUIRE(values.size() == 3);
  CHECK(values[0] == track{"a mirrored", {{3, 4}, {1, 2}}, -5});
  CHECK(values[1] == track{" mirrored", {}, std::nullopt});
  CHECK(values[2].name == std::string("nul \0 and \xff mirrored", 20));
  CHECK(std::isnan(values[2].points.at(0).x));
}

TEST_CASE("functions, function pointers, lambdas and function objects are mapped alike") {
  auto pool = make_pool(2);
  const std::vector<int> items = {1, 2, 3};
  int (*chosen)(int) = square;

  CHECK(pool.pmap(square, items).fetch() == std::vector<int>{1, 4, 9});
  CHECK(pool.pmap(chosen, items).fetch() == std::vector<int>{1, 4, 9});
  CHECK(pool.pmap(&square, items).fetch() == std::vector<int>{1, 4, 9});
  CHECK(pool.pmap([](int x) { return x + 1; }, items).fetch() == std::vector<int>{2, 3, 4});
  CHECK(pool.pmap([](int x) { return x + 2; }, items).fetch() == std::vector<int>{3, 4, 5});
  CHECK(pool.pmap(cube{}, std::vector<long>{2, 3}).fetch() == std::vector<long>{8, 27});
  CHECK(pool.pmap(greet, {"a", "b"}).fetch() == std::vector<std::string>{"Hello a", "Hello b"});
}

TEST_CASE("bound arguments reach every item") {
  auto pool = make_pool(2);
  const std::vector<double> offsets(1000, 0.5);
  const std::vector<double> items = {1, 2, 3, 4};

  const auto values = pool.pmap(cl::bind(scaled, 2.0, offsets), items).fetch();

  CHECK(values == std::vector<double>{502, 504, 506, 508});
  auto joined = [](const std::string& a, const std::string& b) { return a + b; };
  CHECK(pool.pmap(cl::bind(joined, "!"), {"x", "y"}).fetch() ==
        std::vector<std::string>{"x!", "y!"});
}

TEST_CASE("large bound arguments, items and results travel whole") {
  auto pool = make_pool(2);
  const std::string large(3'000'000, 'z');
  auto count = [](const std::string& item, const std::string& bound) {
    return item.size() + bound.size();
  };

  CHECK(pool.pmap(cl::bind(count, large), {large, std::string("x")}).fetch() ==
        std::vector<std::size_t>{6'000'000, 3'000'001});
  const auto values = pool.pmap(grown, {std::size_t{0}, std::size_t{5'000'000}}).fetch();
  CHECK(values[0].empty());
  CHECK(values[1] == grown(5'000'000));
}

TEST_CASE("functions without a result can be mapped and waited for") {
  auto pool = make_pool(2);
  const conformance::shared_folder folder;
  const std::vector<std::string> paths = {folder / "a", folder / "b", folder / "c"};

  const std::vector<cl::none> values = pool.pmap(note_it, paths).fetch();

  CHECK(values.size() == 3);
  for (const auto& path : paths)
    CHECK(conformance::exists(path));
}

TEST_CASE("containers, temporaries, views, generators and counts are inputs") {
  auto pool = make_pool(2);
  const std::deque<int> deque = {3, 2, 1};
  const std::vector<int> expected = {9, 4, 1};

  CHECK(pool.pmap(square, deque).fetch() == expected);
  CHECK(pool.pmap(square, std::vector<int>{3, 2, 1}).fetch() == expected);
  CHECK(pool.pmap(square, countdown(3)).fetch() == expected);
  CHECK(pool.pmap(square, 4).fetch() == std::vector<int>{0, 1, 4, 9});
  const auto values = pool.pmap(square, countdown(3000)).fetch();
  CHECK(values.size() == 3000);
  CHECK(values.front() == 9'000'000);
}

TEST_CASE("an input that takes longer to read than its items to run is no trouble") {
  auto pool = make_pool(2);

  const auto values = pool.pmap(square, slow_count(40), {.items_per_task = 1}).fetch();

  REQUIRE(values.size() == 40);
  CHECK(values.back() == 39 * 39);
  CHECK(pool.pmap(square, 3).fetch().size() == 3);
}

TEST_CASE("a container may change as soon as the map was submitted") {
  auto pool = make_pool(2);
  std::vector<std::string> names(200, "before");

  auto job = pool.pmap(greet, names);
  for (auto& name : names)
    name = "after";

  for (const auto& value : job.fetch())
    CHECK(value == "Hello before");
}

TEST_CASE("shared arrays travel in both directions and keep their values") {
  auto pool = make_pool(2);
  cl::array<float> small(10);
  cl::array<float> large(1'000'000);
  for (std::size_t i = 0; i < large.size(); ++i)
    large[i] = static_cast<float>(i);
  auto doubled = [](cl::array<float> a) {
    for (auto& x : a)
      x *= 2;
    return a;
  };

  const auto values =
      pool.pmap(doubled, std::vector<cl::array<float>>{small, large, large}).fetch();

  CHECK(values[0].size() == 10);
  for (const auto& value : {values[1], values[2]}) {
    REQUIRE(value.size() == large.size());
    CHECK(std::as_const(value)[999'999] == 2 * 999'999.0f);
  }
  CHECK(std::as_const(large)[999'999] == 999'999.0f);
}

TEST_CASE("arrays outlive the pool that made them") {
  std::vector<cl::array<int>> kept;
  {
    auto pool = make_pool(2);
    auto filled = [](int n) {
      cl::array<int> a(100'000);
      for (auto& x : a)
        x = n;
      return a;
    };
    for (int round = 0; round < 4; ++round)
      for (auto& value : pool.pmap(filled, 8).fetch())
        kept.push_back(std::move(value));
    pool.destroy();
  }
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const auto& array = std::as_const(kept[i]);
    CHECK(std::count(array.begin(), array.end(), static_cast<int>(i % 8)) == 100'000);
  }
}
