// SPDX-License-Identifier: MIT
// Maps inside of items: who takes part, how deep they go, and what their items see.
#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "conformance/pool_under_test.hpp"

namespace cl = clusterless;
using conformance::eventually;
using conformance::files_in;
using conformance::make_pool;
using conformance::shared_folder;

namespace {

struct place {
  int id = 0;
  int count = 0;
  std::string node = {};
  std::vector<int> workers = {};
  std::vector<std::string> nodes = {};
};
place here() {
  return {cl::myid(), cl::nprocs(), cl::node(), cl::workers(), cl::nodes()};
}

/// Waits until `others` of its kind are in the folder, so that as many processes take part.
place meet_others(int i, const std::string& folder, int others) {
  conformance::touch(folder + "/inner-" + std::to_string(i));
  if (!eventually([&] { return files_in(folder) >= static_cast<std::size_t>(others); }))
    throw std::runtime_error("the others did not come");
  return here();
}
struct meeting {
  place outer = {};
  std::vector<place> inner = {};
};
meeting hold_meeting(const std::string& folder) {
  const int n = cl::nprocs() - 1;
  return {here(), cl::pmap(cl::bind(meet_others, folder, n), n)};
}

int fibonacci(int n) {
  if (n < 2) return n;
  const auto parts = cl::pmap(fibonacci, {n - 1, n - 2});
  return parts[0] + parts[1];
}

std::vector<int> quicksort(const std::vector<int>& values) {
  if (values.size() < 20) {
    auto sorted = values;
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  }
  std::vector<std::vector<int>> parts(2);
  const int pivot = values[values.size() / 2];
  std::vector<int> equal;
  for (const int v : values) {
    if (v == pivot)
      equal.push_back(v);
    else
      parts[v > pivot].push_back(v);
  }
  auto sorted = cl::pmap(quicksort, parts);
  auto all = std::move(sorted[0]);
  all.insert(all.end(), equal.begin(), equal.end());
  all.insert(all.end(), sorted[1].begin(), sorted[1].end());
  return all;
}

int level(int depth) {
  if (depth == 0) return 1;
  const auto below = cl::pmap(level, std::vector<int>(3, depth - 1));
  return std::accumulate(below.begin(), below.end(), 0);
}

int product(int a, int b) {
  return a * b;
}
int on_worker(int x) {
  return x * 1000 + cl::myid();
}

}  // namespace

TEST_CASE("all processes of all nodes of a task take part in its nested map") {
  cl::pool_options options;
  options.pools = 1;
  options.nodes = 2;
  auto pool = make_pool(options);
  const shared_folder folder;

  const auto met =
      pool.pmap(hold_meeting, {folder.path()}, {.nodes_per_task = 2, .procs_per_node = 2}).fetch(0);

  CHECK(met.outer.id == 1);
  CHECK(met.outer.count == 5);
  CHECK(met.outer.workers == std::vector<int>{2, 3, 4, 5});
  REQUIRE(met.outer.nodes.size() == 2);
  CHECK(met.outer.node == met.outer.nodes[0]);
  REQUIRE(met.inner.size() == 4);
  std::set<int> ids;
  for (const auto& inner : met.inner) {
    ids.insert(inner.id);
    CHECK(inner.count == 5);
    CHECK(inner.nodes == met.outer.nodes);
    CHECK(inner.node == met.outer.nodes.at(static_cast<std::size_t>((inner.id - 2) / 2)));
  }
  CHECK(ids == std::set<int>{2, 3, 4, 5});
}

TEST_CASE("tasks on their own nodes hold their nested maps at the same time") {
  auto pool = make_pool(4);
  const shared_folder a;
  const shared_folder b;

  const auto met = pool.pmap(hold_meeting, {a.path(), b.path()}, {.nodes_per_task = 2}).fetch();

  CHECK(met[0].outer.nodes != met[1].outer.nodes);
  CHECK(met[0].inner.size() == 2);
  CHECK(met[1].inner.size() == 2);
}

TEST_CASE("nested values come back in order, and empty nested maps are fine") {
  auto pool = make_pool(2);
  auto outer = [](int n) { return cl::pmap([](int i) { return std::to_string(i); }, n); };

  const auto values = pool.pmap(outer, {0, 1, 50}, {.nodes_per_task = 2}).fetch();

  CHECK(values[0].empty());
  CHECK(values[1] == std::vector<std::string>{"0"});
  REQUIRE(values[2].size() == 50);
  CHECK(values[2][49] == "49");
}

TEST_CASE("maps nest to any depth and recursion neither blocks nor mixes up values") {
  auto pool = make_pool(4);

  CHECK(pool.run(level, 3).fetch(0) == 27);
  CHECK(pool.pmap(fibonacci, {7, 8, 9, 10}).fetch() == std::vector<int>{13, 21, 34, 55});
  CHECK(pool.pmap(fibonacci, {9}, {.nodes_per_task = 4}).fetch(0) == 34);
  std::vector<int> shuffled(2000);
  for (std::size_t i = 0; i < shuffled.size(); ++i)
    shuffled[i] = static_cast<int>(i * 7919 % 1009);
  auto expected = shuffled;
  std::sort(expected.begin(), expected.end());
  CHECK(pool.pmap(quicksort, {shuffled}, {.nodes_per_task = 3}).fetch(0) == expected);
}

TEST_CASE("a nested map of 20,000 items comes back whole") {
  auto pool = make_pool(3);
  auto outer = [](int n) {
    long sum = 0;
    for (const int each : cl::pmap(cl::bind(product, 2), n))
      sum += each;
    return sum;
  };

  CHECK(pool.pmap(outer, {20'000, 10}, {.nodes_per_task = 3}).fetch() ==
        std::vector<long>{20'000L * 19'999, 90});
}

TEST_CASE("an item may hold many nested maps one after the other") {
  auto pool = make_pool(2);
  auto outer = [](int rounds) {
    int sum = 0;
    for (int i = 0; i < rounds; ++i)
      sum += cl::pmap([](int x) { return x + 1; }, {i}).at(0);
    return sum;
  };

  CHECK(pool.pmap(outer, {500, 500}).fetch() == std::vector<int>{125'250, 125'250});
}

TEST_CASE("large nested arguments and results travel whole") {
  auto pool = make_pool(2);
  auto outer = [](int n) {
    cl::array<double> big(static_cast<std::size_t>(n));
    big[0] = 3;
    auto grow = [](cl::array<double> a) {
      a[a.size() - 1] = a[0] * 2;
      return a;
    };
    auto back = cl::pmap(grow, std::vector<cl::array<double>>(6, big));
    double sum = 0;
    for (const auto& each : back)
      sum += std::as_const(each)[each.size() - 1];
    const std::string text(3'000'000, 'y');
    for (const auto& s : cl::pmap([](const std::string& t) { return t + t; }, {text}))
      sum += static_cast<double>(s.size());
    return sum;
  };

  CHECK(pool.pmap(outer, {500'000}, {.nodes_per_task = 2}).fetch(0) == 36 + 6'000'000);
}

TEST_CASE("remote_call runs on the worker that was asked for") {
  auto pool = make_pool(3);
  auto outer = [](int x) {
    std::vector<int> got;
    for (const int worker : cl::workers())
      got.push_back(cl::remote_call(worker, on_worker, x));
    got.push_back(cl::remote_call(cl::myid(), on_worker, x));
    got.push_back(cl::remote_call(2, product, x, 3));
    return got;
  };

  CHECK(pool.pmap(outer, {7}, {.nodes_per_task = 3}).fetch(0) ==
        std::vector<int>{7002, 7003, 7004, 7001, 21});
  auto too_far = [](int worker) { return cl::remote_call(worker, on_worker, 1); };
  for (const int nobody : {99, 0, -1})
    CHECK_THROWS_AS(pool.run(too_far, nobody).fetch(0), cl::remote_error);
}

TEST_CASE("workers call each other and the first process without blocking") {
  auto pool = make_pool(3);
  auto outer = [](int rounds) {
    auto ring = [](int n) {
      auto pass = [](int x) { return x + 1; };
      const int next = cl::myid() == cl::nprocs() ? 1 : cl::myid() + 1;
      int sum = 0;
      for (int i = 0; i < n; ++i)
        sum += cl::remote_call(next, pass, i);
      return sum;
    };
    const auto all = cl::pmap(ring, std::vector<int>(6, rounds), {.items_per_task = 1});
    return std::accumulate(all.begin(), all.end(), 0);
  };

  CHECK(pool.pmap(outer, {20}, {.nodes_per_task = 3}).fetch(0) == 6 * 210);
}

TEST_CASE("a map outside of any task runs in place") {
  CHECK(cl::myid() == 1);
  CHECK(cl::nprocs() == 1);
  CHECK(cl::workers() == std::vector<int>{1});
  CHECK(cl::pmap([](int x) { return x * x; }, 4) == std::vector<int>{0, 1, 4, 9});
  CHECK(fibonacci(10) == 55);
  CHECK(cl::remote_call(1, product, 6, 7) == 42);
}

TEST_CASE("a nested map refuses options that only the map of a pool can have, by name") {
  auto pool = make_pool(1);
  const auto outer = [](int which) {
    const auto same = [](int i) { return i; };
    cl::map_options options;
    if (which == 0) options.name = "inner";
    if (which == 1) options.record = true;
    if (which == 2) options.nodes_per_task = 1;
    if (which == 3) options.procs_per_node = 1;
    if (which == 4) options.priority = 1;
    if (which == 5) options.prints = false;
    if (which == 6) options.progress = cl::verbosity::silent;
    return cl::pmap(same, 2, options).size();
  };
  const std::vector<std::string> names = {"name",     "record", "nodes_per_task", "procs_per_node",
                                          "priority", "prints", "progress"};

  const auto all = pool.pmap(outer, 8).outcomes();

  for (std::size_t i = 0; i < names.size(); ++i)
    CHECK(conformance::contains(all[i].error().message(), "option '" + names[i] + "'"));
  CHECK(all[7].value() == 2);
}
