// SPDX-License-Identifier: MIT
// Failures are values: they cost their own item and say what happened.
#include <doctest/doctest.h>

#include <cstdio>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "conformance/pool_under_test.hpp"

namespace cl = clusterless;
using conformance::contains;
using conformance::error_of;
using conformance::make_pool;

namespace {

struct out_of_range_depth : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct not_an_exception {
  int code = 7;
};

int fails_on_thirds(int i) {
  std::printf("item number %d\n", i);
  if (i % 3 == 2) throw out_of_range_depth("depth " + std::to_string(i) + " is too deep");
  return i * 10;
}

int throws_kind(int i) {
  switch (i) {
    case 1:
      throw std::bad_alloc();
    case 2:
      throw not_an_exception();
    case 3:
      throw 42;
    case 4:
      throw std::string("a bare string");
    case 5:
      throw out_of_range_depth(std::string("two\nlines \xff\x01"));
    default:
      return i;
  }
}

}  // namespace

TEST_CASE("failed items are outcomes among the values") {
  auto pool = make_pool(3);
  auto job = pool.pmap(fails_on_thirds, 30, {.prints = false});

  const auto all = job.outcomes();

  REQUIRE(all.size() == 30);
  for (std::size_t i = 0; i < all.size(); ++i) {
    CHECK(all[i].item() == i);
    if (i % 3 == 2) {
      REQUIRE_FALSE(all[i]);
      const cl::remote_error& error = all[i].error();
      CHECK(error.cause() == cl::cause::exception);
      CHECK(error.item() == i);
      CHECK(error.message() == "depth " + std::to_string(i) + " is too deep");
      CHECK(contains(error.type(), "out_of_range_depth"));
      CHECK_THROWS_AS(all[i].value(), cl::remote_error);
    } else {
      REQUIRE(all[i]);
      CHECK(all[i].value() == static_cast<int>(i) * 10);
      CHECK_THROWS_AS(all[i].error(), cl::error);
    }
  }
  const auto status = job.status();
  CHECK(status.finished);
  CHECK(status.done == 20);
  CHECK(status.failed == 10);
}

TEST_CASE("fetch throws the error of the lowest failed item, with its whole story") {
  auto pool = make_pool(3);
  auto job = pool.pmap(fails_on_thirds, 30, {.prints = false});

  const auto error = error_of([&] { job.fetch(); });

  CHECK(error.item() == 2);
  CHECK(error.attempt() == 1);
  CHECK(error.worker() == 1);
  CHECK(error.task() >= 1);
  CHECK(error.pool() == 1);
  CHECK_FALSE(error.node().empty());
  CHECK(contains(error.output(), "item number 2"));
  const std::string text = error.what();
  for (const char* part : {"item 2", "attempt 1", "worker 1", "depth 2 is too deep",
                           "out_of_range_depth", "item number 2"})
    CHECK_MESSAGE(contains(text, part), text);
  CHECK(contains(text, error.node()));
  CHECK(error.kind() == cl::error_kind::failed);
}

TEST_CASE("exceptions of every kind keep their type and message") {
  auto pool = make_pool(2);

  const auto all = pool.pmap(throws_kind, 7).outcomes();

  CHECK(all[0].value() == 0);
  CHECK(all[1].error().type() == "std::bad_alloc");
  CHECK(all[1].error().message() == "std::bad_alloc");
  CHECK(contains(all[2].error().type(), "not_an_exception"));
  CHECK_FALSE(all[2].error().message().empty());
  CHECK(all[3].error().type() == "int");
  CHECK(contains(all[4].error().type(), "string"));
  CHECK(all[5].error().message() == "two\nlines \xff\x01");
  CHECK(all[6].value() == 6);
}

TEST_CASE("a single item is fetched though others fail") {
  auto pool = make_pool(2);
  auto job = pool.pmap(fails_on_thirds, 9, {.prints = false});

  CHECK(job.fetch(0) == 0);
  CHECK(job.fetch(7) == 70);
  CHECK_THROWS_AS(job.fetch(8), cl::remote_error);
  CHECK(job.outcome_of(5).error().item() == 5);
  CHECK(job.fetch(7) == 70);
  CHECK_THROWS_AS(job.fetch(9), cl::error);
}

TEST_CASE("completed gives every outcome once, failures included") {
  auto pool = make_pool(3);
  auto job = pool.pmap(fails_on_thirds, 300, {.prints = false});
  std::vector<int> seen(300, 0);
  int failed = 0;

  for (const auto& outcome : job.completed()) {
    ++seen.at(outcome.item());
    failed += !outcome;
    if (outcome) CHECK(outcome.value() == static_cast<int>(outcome.item()) * 10);
  }

  for (std::size_t i = 0; i < seen.size(); ++i)
    CHECK_MESSAGE(seen[i] == 1, i);
  CHECK(failed == 100);
}

TEST_CASE("an item's output can be asked for") {
  auto pool = make_pool(2);
  auto job = pool.pmap(fails_on_thirds, 6, {.items_per_task = 1, .prints = false});
  job.wait();

  for (std::size_t i = 0; i < 6; ++i)
    CHECK(job.output(i) == "item number " + std::to_string(i) + "\n");
}

TEST_CASE("an input range that throws fails its job and leaves the pool usable") {
  auto pool = make_pool(2);
  auto size_of_file = [](const cl::file& file) { return file.size(); };
  const std::vector<cl::file> missing = {cl::file("/nonexistent/clusterless")};

  CHECK_THROWS_AS(pool.pmap(size_of_file, missing), cl::error);
  auto later = pool.pmap(size_of_file, std::vector<cl::file>(missing));
  const auto error = error_of([&] { later.fetch(); });
  CHECK(error.cause() == cl::cause::input_failed);
  CHECK(contains(error.what(), "/nonexistent/clusterless"));
  CHECK(pool.run([](int x) { return x + 1; }, 1).fetch(0) == 2);
}

TEST_CASE("an input range that uses a pool while it is read is an error, not a deadlock") {
  static cl::pool* used = nullptr;
  auto pool = make_pool(2);
  used = &pool;
  struct asks_the_pool {
    struct iterator {
      int at;
      int operator*() const { return at + used->nodes(); }
      iterator& operator++() {
        ++at;
        return *this;
      }
      bool operator==(const iterator& other) const { return at == other.at; }
    };
    iterator begin() const { return {0}; }
    iterator end() const { return {5}; }
  };

  const auto error = error_of([&] { pool.pmap([](int x) { return x; }, asks_the_pool{}).fetch(); });

  CHECK(error.cause() == cl::cause::input_failed);
  CHECK_MESSAGE(contains(error.what(), "while it was read"), error.what());
  CHECK(pool.run([](int x) { return x + 1; }, 1).fetch(0) == 2);
}

TEST_CASE("an input range that throws what is no exception class fails its items behind") {
  auto pool = make_pool(2);
  struct breaks_at_ten {
    struct iterator {
      int at;
      int operator*() const {
        if (at == 10) throw 10;
        return at;
      }
      iterator& operator++() {
        ++at;
        return *this;
      }
      bool operator==(const iterator& other) const { return at == other.at; }
    };
    iterator begin() const { return {0}; }
    iterator end() const { return {100}; }
  };
  auto job = pool.pmap([](int x) { return x + 1; }, breaks_at_ten{});

  const auto error = error_of([&] { job.fetch(); });

  CHECK(error.cause() == cl::cause::input_failed);
  CHECK_MESSAGE(contains(error.what(), "the input range threw"), error.what());
  CHECK(pool.run([](int x) { return x + 1; }, 1).fetch(0) == 2);
}

TEST_CASE(
    "a job that stops at an error has an outcome for every item, those not started included") {
  auto pool = make_pool(2);
  const auto one_fails = [](int i) {
    if (i == 12) throw std::runtime_error("item 12 cannot be had");
    return i;
  };
  auto job = pool.pmap(one_fails, 100, {.items_per_task = 10, .on_error = cl::on_error::stop});

  const auto all = job.outcomes();

  REQUIRE(all.size() == 100);
  CHECK(all[12].error().cause() == cl::cause::exception);
  CHECK(all[19].error().cause() == cl::cause::cancelled);  // behind it in the same task
  CHECK(contains(all[19].error().message(), "item 12 failed"));
  CHECK(job.status().finished);
  CHECK(job.status().running == 0);
}

TEST_CASE("an inner map that stops at an error throws it") {
  auto pool = make_pool(1);
  const auto outer = [](int n) {
    const auto one_fails = [](int i) {
      if (i == 12) throw std::runtime_error("item 12 cannot be had");
      return i;
    };
    return cl::pmap(one_fails, n, {.items_per_task = 10, .on_error = cl::on_error::stop}).size();
  };

  const auto error = error_of([&] { pool.run(outer, 100).fetch(0); });

  CHECK(contains(error.message(), "item 12 cannot be had"));
}
