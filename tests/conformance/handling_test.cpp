// SPDX-License-Identifier: MIT
// What can be done with a job while it runs: wait, look, take what is there, cancel, destroy.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "conformance/pool_under_test.hpp"

namespace cl = clusterless;
using namespace std::chrono_literals;
using conformance::await;
using conformance::eventually;
using conformance::exists;
using conformance::make_pool;
using conformance::shared_folder;
using conformance::touch;

namespace {

struct step {
  std::string folder = {};
  int number = 0;
  bool waits = false;  ///< for the file "go"
};

int take_step(const step& s) {
  touch(s.folder + "/began-" + std::to_string(s.number));
  if (s.waits) await(s.folder + "/go");
  return s.number;
}

int until_stopped(const step& s) {
  touch(s.folder + "/began-" + std::to_string(s.number));
  if (!eventually([] { return cl::stop_requested(); })) return -1;
  touch(s.folder + "/saw-stop-" + std::to_string(s.number));
  return s.number;
}

std::vector<step> steps(const shared_folder& folder, int n, int first_waiting, int last_waiting) {
  std::vector<step> all;
  for (int i = 0; i < n; ++i)
    all.push_back({folder.path(), i, i >= first_waiting && i <= last_waiting});
  return all;
}

}  // namespace

TEST_CASE("one value can be fetched while other items still run") {
  auto pool = make_pool(2);
  const shared_folder folder;
  auto job = pool.pmap(take_step, steps(folder, 3, 0, 0), {.items_per_task = 1});

  CHECK(job.fetch(2) == 2);
  CHECK(job.fetch(1) == 1);
  const auto status = job.status();
  CHECK_FALSE(status.finished);
  CHECK(status.done == 2);
  touch(folder / "go");
  CHECK(job.fetch(0) == 0);
}

TEST_CASE("completed gives outcomes in the order of finishing") {
  auto pool = make_pool(2);
  const shared_folder folder;
  auto job = pool.pmap(take_step, steps(folder, 6, 0, 0), {.items_per_task = 1});
  std::vector<std::size_t> order;

  for (const auto& outcome : job.completed()) {
    order.push_back(outcome.item());
    if (order.size() == 5) touch(folder / "go");
  }

  REQUIRE(order.size() == 6);
  CHECK(order.back() == 0);
}

TEST_CASE("waiting has a limit, and a job is looked at without waiting") {
  auto pool = make_pool(2);
  const shared_folder folder;
  auto job = pool.pmap(take_step, steps(folder, 4, 2, 3), {.items_per_task = 1});

  CHECK_FALSE(job.wait(0ms));
  REQUIRE(eventually([&] { return job.status().done == 2 && job.status().running == 2; }));
  CHECK_FALSE(job.wait(20ms));
  const auto status = job.status();
  CHECK(status.total == 4);
  CHECK(status.running == 2);
  CHECK(status.failed == 0);
  CHECK_FALSE(status.finished);
  CHECK_FALSE(status.cancelled);
  CHECK_FALSE(status.id.empty());
  touch(folder / "go");
  CHECK(job.wait(1min));
  CHECK(job.status().finished);
  CHECK(job.wait(0ms));
}

TEST_CASE("cancel ends running items and starts no others; values that are there stay") {
  auto pool = make_pool(2);
  const shared_folder folder;
  auto job = pool.pmap(take_step, steps(folder, 50, 3, 49), {.items_per_task = 1});
  REQUIRE(eventually([&] { return job.status().done == 3 && job.status().running == 2; }));

  job.cancel();

  const auto all = job.outcomes();
  REQUIRE(all.size() == 50);
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(all[i].value() == static_cast<int>(i));
  for (std::size_t i = 3; i < 50; ++i)
    CHECK(all[i].error().cause() == cl::cause::cancelled);
  CHECK(job.status().cancelled);
  CHECK(job.status().finished);
  CHECK_FALSE(exists(folder / "began-10"));
  CHECK(pool.run(take_step, step{folder.path(), 99, false}).fetch(0) == 99);
}

TEST_CASE("items of a cancelled job are asked to stop before they are ended") {
  auto pool = make_pool(2);
  const shared_folder folder;
  auto job = pool.pmap(until_stopped, steps(folder, 2, 0, 1), {.items_per_task = 1});
  await(folder / "began-0");
  await(folder / "began-1");

  job.cancel();

  CHECK(eventually([&] { return exists(folder / "saw-stop-0") && exists(folder / "saw-stop-1"); }));
  for (const auto& outcome : job.outcomes())
    CHECK(outcome.error().cause() == cl::cause::cancelled);
  auto stop_seen = [](int) { return cl::stop_requested(); };
  for (const bool stopped : pool.pmap(stop_seen, 20).fetch())
    CHECK_FALSE(stopped);
}

TEST_CASE("cancel stops nested items too and leaves other jobs alone") {
  auto pool = make_pool(2);
  const shared_folder folder;
  const shared_folder other_folder;
  auto outer = [](const std::string& path) {
    const std::vector<step> inner = {{path, 0, true}, {path, 1, true}};
    return cl::pmap(take_step, inner).size();
  };
  auto job = pool.pmap(outer, {folder.path()});
  auto other = pool.pmap(take_step, steps(other_folder, 1, 0, 0));
  await(folder / "began-0");
  await(other_folder / "began-0");

  job.cancel();

  CHECK(job.outcomes().at(0).error().cause() == cl::cause::cancelled);
  touch(other_folder / "go");
  CHECK(other.fetch(0) == 0);
  CHECK(other.status().retried == 0);
}

TEST_CASE("cancelling one job costs no item of another that shares its workers") {
  auto pool = make_pool(1);
  const shared_folder folder;
  auto tiny = [](int x) { return x; };
  CHECK(pool.pmap(tiny, 1000).fetch().size() == 1000);
  for (int round = 0; round < 20; ++round) {
    auto doomed = pool.pmap(tiny, 2000, {.items_per_task = 1});
    auto kept = pool.pmap(tiny, 200, {.items_per_task = 1});
    doomed.fetch(static_cast<std::size_t>(round * 13));
    doomed.cancel();
    for (const auto& outcome : kept.outcomes())
      REQUIRE_MESSAGE(outcome, std::string(outcome ? "" : outcome.error().what()));
    for (const auto& outcome : doomed.outcomes())
      if (!outcome) REQUIRE(outcome.error().cause() == cl::cause::cancelled);
  }
}

TEST_CASE("a destroyed job answers no more and leaves the pool usable") {
  auto pool = make_pool(2);
  const shared_folder folder;
  auto job = pool.pmap(take_step, steps(folder, 4, 0, 3), {.items_per_task = 1});
  auto copy = job;

  CHECK(job.destroy());

  CHECK_THROWS_AS(copy.fetch(), cl::error);
  CHECK_THROWS_AS(copy.outcomes(), cl::error);
  CHECK(job.destroy());
  CHECK(pool.pmap(take_step, steps(folder, 3, 9, 9)).fetch() == std::vector<int>{0, 1, 2});
}

TEST_CASE("a job whose handle is dropped does not hold up the next one") {
  auto pool = make_pool(1);
  const shared_folder folder;
  { auto dropped = pool.pmap(take_step, steps(folder, 2, 0, 1), {.items_per_task = 1}); }
  touch(folder / "go");
  CHECK(pool.pmap([](int x) { return x; }, 3).fetch().size() == 3);
}

TEST_CASE("a job outlives the handle of its pool") {
  const shared_folder folder;
  auto job = [&] {
    auto pool = make_pool(2);
    return pool.pmap(take_step, steps(folder, 10, 0, 3), {.items_per_task = 1});
  }();
  touch(folder / "go");
  CHECK(job.fetch().size() == 10);
}

TEST_CASE("destroying a pool ends its jobs with outcomes that say so") {
  auto pool = make_pool(2);
  const shared_folder folder;
  auto job = pool.pmap(take_step, steps(folder, 10, 1, 9), {.items_per_task = 1});
  CHECK(job.fetch(0) == 0);
  bool seen = false;
  std::thread waits([&] {
    try {
      job.fetch();
    } catch (const cl::remote_error& caught) {
      seen = caught.cause() == cl::cause::cancelled;
    }
  });
  REQUIRE(eventually([&] { return job.status().running == 2; }));

  pool.destroy();
  waits.join();

  CHECK(seen);
  CHECK(job.fetch(0) == 0);
  CHECK(job.outcomes().at(9).error().cause() == cl::cause::cancelled);
  CHECK_THROWS_AS(pool.pmap(take_step, steps(folder, 1, 9, 9)), cl::error);
}

TEST_CASE("of two waiting jobs the one of higher priority goes first") {
  auto pool = make_pool(1);
  const shared_folder folder;
  auto blocks = pool.pmap(take_step, steps(folder, 1, 0, 0));
  await(folder / "began-0");
  auto log_it = [](const std::string& line, const std::string& path) {
    conformance::append_line(path, line);
  };
  const std::string log = folder / "log";
  auto low = pool.pmap(cl::bind(log_it, log), std::vector<std::string>(5, "low"));
  auto high =
      pool.pmap(cl::bind(log_it, log), std::vector<std::string>(5, "high"), {.priority = 1});

  touch(folder / "go");
  low.wait();
  high.wait();

  const auto lines = conformance::lines_of(log);
  REQUIRE(lines.size() == 10);
  for (std::size_t i = 0; i < 5; ++i)
    CHECK(lines[i] == "high");
}
