// SPDX-License-Identifier: MIT
// The two budgets of retries, on_error, and jobs that are tried once more.
#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "conformance/pool_under_test.hpp"

namespace cl = clusterless;
using conformance::append_line;
using conformance::contains;
using conformance::error_of;
using conformance::exists;
using conformance::lines_of;
using conformance::make_pool;
using conformance::shared_folder;
using conformance::touch;

namespace {

enum class trouble : int { none, throws, is_killed };

struct trial {
  std::string log = {};                ///< gets a line for each attempt
  std::vector<trouble> troubles = {};  ///< of the first, second … attempt; then none
};

int attempt_it(const trial& t) {
  const int now = cl::attempt();
  append_line(t.log, std::to_string(now));
  const auto index = static_cast<std::size_t>(now - 1);
  const trouble what = index < t.troubles.size() ? t.troubles[index] : trouble::none;
  if (what == trouble::throws) throw std::runtime_error("attempt " + std::to_string(now));
  if (what == trouble::is_killed) {
    ::kill(::getpid(), SIGKILL);
    ::pause();
  }
  return now;
}

struct gated {
  std::string gate = {};
  std::string log = {};
  int number = 0;
};
int fails_until_open(const gated& g) {
  append_line(g.log, std::to_string(g.number));
  if (g.number % 4 == 1 && !exists(g.gate)) throw std::runtime_error("closed");
  return g.number;
}
std::vector<gated> gated_items(const shared_folder& folder, int n) {
  std::vector<gated> items;
  for (int i = 0; i < n; ++i)
    items.push_back({folder / "gate", folder / "log", i});
  return items;
}

}  // namespace

TEST_CASE("failures of an item are retried as often as asked, and no more") {
  auto pool = make_pool(2);
  const shared_folder folder;
  const trial item{folder / "log", {trouble::throws, trouble::throws}};

  CHECK(pool.pmap(attempt_it, {item}, {.retries = {.user = 2}}).fetch(0) == 3);
  CHECK(lines_of(folder / "log") == std::vector<std::string>{"1", "2", "3"});
  const auto error =
      error_of([&] { pool.pmap(attempt_it, {item}, {.retries = {.user = 1}}).fetch(); });
  CHECK(error.attempt() == 2);
  CHECK(error.message() == "attempt 2");
  CHECK(error_of([&] { pool.pmap(attempt_it, {item}).fetch(); }).attempt() == 1);
}

TEST_CASE("attempts lost with a worker do not use up the budget of failures") {
  auto pool = make_pool(2);
  const shared_folder folder;
  const trial item{folder / "log",
                   {trouble::is_killed, trouble::throws, trouble::is_killed, trouble::is_killed}};

  auto job = pool.pmap(attempt_it, {item}, {.retries = {.user = 1, .lost = 3}});

  CHECK(job.fetch(0) == 5);
  CHECK(job.status().retried == 4);
}

TEST_CASE("the budget of lost attempts has an end as well") {
  auto pool = make_pool(2);
  const shared_folder folder;
  const trial item{folder / "log", {trouble::is_killed, trouble::is_killed, trouble::is_killed}};

  const auto error =
      error_of([&] { pool.pmap(attempt_it, {item}, {.retries = {.user = 5, .lost = 1}}).fetch(); });

  CHECK(error.cause() == cl::cause::killed);
  CHECK(error.attempt() == 2);
  CHECK(lines_of(folder / "log").size() == 2);
}

TEST_CASE("by default failures are not retried and losses are") {
  auto pool = make_pool(2);
  const shared_folder folder;

  CHECK(pool.run(attempt_it, trial{folder / "a", {trouble::is_killed}}).fetch(0) == 2);
  CHECK_THROWS_AS(pool.run(attempt_it, trial{folder / "b", {trouble::throws}}).fetch(0),
                  cl::remote_error);
}

TEST_CASE("a failure in a task of many items repeats none that is settled") {
  auto pool = make_pool(1);
  const shared_folder folder;
  const auto items = gated_items(folder, 20);

  const auto all = pool.pmap(fails_until_open, items, {.items_per_task = 20}).outcomes();

  for (std::size_t i = 0; i < 20; ++i)
    CHECK(static_cast<bool>(all[i]) == (i % 4 != 1));
  CHECK(lines_of(folder / "log").size() == 20);
}

TEST_CASE("with on_error stop nothing new is started after a failure") {
  auto pool = make_pool(2);
  const shared_folder folder;
  for (const std::size_t packed : {std::size_t{1}, std::size_t{10}}) {
    const auto items = gated_items(folder, 100);
    auto job = pool.pmap(fails_until_open, items,
                         {.items_per_task = packed, .on_error = cl::on_error::stop});

    const auto all = job.outcomes();

    REQUIRE(all.size() == 100);
    CHECK(job.status().finished);
    CHECK(all[1].error().cause() == cl::cause::exception);
    std::size_t not_run = 0;
    for (const auto& each : all)
      if (!each && each.error().cause() == cl::cause::cancelled) {
        ++not_run;
        CHECK(contains(each.error().message(), " failed"));
      }
    CHECK(not_run >= 50);
    CHECK_THROWS_AS(job.fetch(), cl::remote_error);
  }
}

TEST_CASE("retry_failed runs what failed once more and keeps the values") {
  auto pool = make_pool(2);
  const shared_folder folder;
  auto job = pool.pmap(fails_until_open, gated_items(folder, 40));
  job.wait();
  REQUIRE(job.status().failed == 10);
  touch(folder / "gate");

  auto again = cl::retry_failed(job);

  const auto values = again.fetch();
  REQUIRE(values.size() == 40);
  for (int i = 0; i < 40; ++i)
    CHECK(values[static_cast<std::size_t>(i)] == i);
  CHECK(lines_of(folder / "log").size() == 50);
  CHECK(again.status().failed == 0);
  std::vector<int> seen(40, 0);
  for (const auto& outcome : again.completed())
    ++seen.at(outcome.item());
  CHECK(seen == std::vector<int>(40, 1));
}

TEST_CASE("what on_error stop and cancel left out can be run later") {
  auto pool = make_pool(2);
  const shared_folder folder;
  auto job = pool.pmap(fails_until_open, gated_items(folder, 40),
                       {.items_per_task = 4, .on_error = cl::on_error::stop});
  job.wait();
  touch(folder / "gate");

  const auto values = cl::retry_failed(job).fetch();

  CHECK(std::accumulate(values.begin(), values.end(), 0) == 40 * 39 / 2);
}
