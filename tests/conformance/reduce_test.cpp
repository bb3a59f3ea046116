// SPDX-License-Identifier: MIT
// Reductions: in input order, here or on the nodes, with bounded memory.
#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "conformance/pool_under_test.hpp"

namespace cl = clusterless;
using conformance::error_of;
using conformance::make_pool;

namespace {

std::string word(int i) {
  return std::to_string(i) + ',';
}
std::string fails_at_37(int i) {
  if (i == 37) throw std::runtime_error("no word for 37");
  return word(i);
}
std::string all_words(int n) {
  std::string text = ">";
  for (int i = 0; i < n; ++i)
    text += word(i);
  return text;
}

struct joined {
  std::string operator()(const std::string& a, const std::string& b) const { return a + b; }
};

std::string megabyte(int i) {
  return std::string(1'000'000, static_cast<char>('a' + i % 26));
}
struct shorter {
  std::string operator()(const std::string& a, const std::string& b) const {
    return std::to_string((a.size() + b.size()) % 7) + a.substr(0, 1) + b.substr(0, 1);
  }
};

}  // namespace

TEST_CASE("a reduction keeps the order of the items") {
  auto pool = make_pool(3);
  auto job = pool.pmap(word, 500);

  CHECK(job.reduce(std::string(">"), joined{}) == all_words(500));
}

TEST_CASE("a reduction on the nodes gives what one here gives") {
  auto pool = make_pool(3);
  for (const int n : {0, 1, 15, 16, 17, 500}) {
    auto job = pool.pmap(word, n);

    CHECK(job.reduce(std::string(">"), joined{}, {.remote = true}) == all_words(n));
  }
  CHECK(pool.pmap(word, 100).reduce(std::string(">"), joined{}, {.remote = true, .group = 3}) ==
        all_words(100));
}

TEST_CASE("a reduction over a failed item throws that item's error") {
  auto pool = make_pool(3);
  for (const bool remote : {false, true}) {
    auto job = pool.pmap(fails_at_37, 100);

    const auto error =
        error_of([&] { job.reduce(std::string(">"), joined{}, {.remote = remote}); });

    CHECK(error.item() == 37);
    CHECK(error.cause() == cl::cause::exception);
    CHECK(error.message() == "no word for 37");
    CHECK(error.attempt() == 1);
  }
}

TEST_CASE("large results that are consumed in order or as they come do not pile up for ever") {
  auto pool = make_pool(2);
  constexpr int n = 150;  // 150 MB, more than a client keeps unasked
  std::size_t bytes = 0;
  for (const auto& outcome : pool.pmap(megabyte, n).completed())
    bytes += outcome.value().size();
  CHECK(bytes == n * std::size_t{1'000'000});
  const std::string here = pool.pmap(megabyte, n).reduce(std::string(), shorter{});
  CHECK(here.size() <= 3);
  const auto count = [](const std::string& a, const std::string& b) {
    return std::to_string(a.size() + b.size());
  };
  CHECK_FALSE(pool.pmap(megabyte, n).reduce(std::string(), count, {.remote = true}).empty());
  CHECK(pool.pmap(megabyte, n).fetch(n - 1).size() == 1'000'000);
}

TEST_CASE("map_reduce folds in input order inside a task") {
  auto pool = make_pool(3);
  auto outer = [](int n) {
    return cl::map_reduce(word, n, std::string(">"),
                          [](const std::string& a, const std::string& b) { return a + b; });
  };

  CHECK(pool.pmap(outer, {0, 1, 300}, {.nodes_per_task = 3}).fetch() ==
        std::vector<std::string>{all_words(0), all_words(1), all_words(300)});
}
