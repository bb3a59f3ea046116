// SPDX-License-Identifier: MIT
// Pools: several at once, used from several threads, losing nodes, changing size.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <numeric>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "conformance/pool_under_test.hpp"

namespace cl = clusterless;
using conformance::append_line;
using conformance::await;
using conformance::eventually;
using conformance::files_in;
using conformance::lines_of;
using conformance::make_pool;
using conformance::shared_folder;
using conformance::touch;

namespace {

int twice(int x) {
  return 2 * x;
}

struct held {
  std::string folder = {};
  int number = 0;
};
/// Tells where it runs, then waits for "go".
std::string wait_on_node(const held& h) {
  touch(h.folder + "/began/" + std::to_string(h.number) + "-" + std::to_string(cl::attempt()));
  await(h.folder + "/go");
  return cl::node();
}
std::vector<held> holds(const shared_folder& folder, int n) {
  std::vector<held> all;
  for (int i = 0; i < n; ++i)
    all.push_back({folder.path(), i});
  return all;
}
void make_directory(const std::string& path) {
  auto run = "mkdir -p '" + path + "'";
  REQUIRE(std::system(run.c_str()) == 0);
}

}  // namespace

TEST_CASE("two pools of four nodes run eight tasks side by side") {
  cl::pool_options options;
  options.pools = 2;
  options.nodes = 4;
  auto pool = make_pool(options);
  CHECK(pool.pools() == 2);
  CHECK(pool.nodes() == 4);
  const shared_folder folder;
  make_directory(folder / "began");
  auto job = pool.pmap(wait_on_node, holds(folder, 9), {.items_per_task = 1});

  REQUIRE(eventually([&] { return files_in(folder / "began") == 8; }));
  touch(folder / "go");

  const auto nodes = job.fetch();
  CHECK(std::set<std::string>(nodes.begin(), nodes.end()).size() == 8);
}

TEST_CASE("several pools live side by side and end in any order") {
  auto a = make_pool(1);
  auto b = std::make_unique<cl::pool>(make_pool(2));
  auto job_a = a.pmap(twice, 100);
  auto job_b = b->pmap(twice, 100);
  CHECK(job_b.fetch().size() == 100);
  b.reset();
  auto c = make_pool(1);
  CHECK(c.pmap(twice, 10).fetch().size() == 10);
  CHECK(job_a.fetch().size() == 100);
  CHECK(job_b.fetch(99) == 198);
}

TEST_CASE("jobs from many threads share a pool") {
  auto pool = make_pool(3);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&pool, &wrong, t] {
      for (int round = 0; round < 15; ++round) {
        auto job = pool.pmap(twice, std::vector<int>(static_cast<std::size_t>(50 + t), t));
        if (round % 3 == 0) {
          int n = 0;
          for (const auto& outcome : job.completed())
            n += outcome.value() == 2 * t;
          wrong += n != 50 + t;
        } else if (round % 3 == 1) {
          wrong += job.reduce(0, [](int a, int b) { return a + b; }) != (50 + t) * 2 * t;
        } else {
          const auto values = job.fetch();
          wrong += std::accumulate(values.begin(), values.end(), 0) != (50 + t) * 2 * t;
        }
      }
    });
  for (auto& each : threads)
    each.join();
  CHECK(wrong == 0);
}

TEST_CASE("one job is waited for by many threads") {
  auto pool = make_pool(2);
  const shared_folder folder;
  make_directory(folder / "began");
  auto job = pool.pmap(wait_on_node, holds(folder, 20), {.items_per_task = 1});
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 5; ++t)
    threads.emplace_back([&, t] { good += !job.fetch(t * 4).empty(); });
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] { good += job.fetch().size() == 20; });
  touch(folder / "go");
  for (auto& each : threads)
    each.join();
  CHECK(good == 8);
}

TEST_CASE("a job goes on when the thread that submitted it is gone") {
  auto pool = make_pool(2);
  const shared_folder folder;
  make_directory(folder / "began");
  std::optional<cl::job<std::string>> job;
  std::thread([&] {
    job.emplace(pool.pmap(wait_on_node, holds(folder, 4), {.items_per_task = 1}));
    eventually([&] { return files_in(folder / "began") == 2; });
  }).join();
  touch(folder / "go");

  CHECK(job->fetch().size() == 4);
  CHECK(job->status().retried == 0);
}

TEST_CASE("a lost node costs attempts, not items") {
  auto pool = make_pool(3);
  const shared_folder folder;
  make_directory(folder / "began");
  auto job = pool.pmap(wait_on_node, holds(folder, 9), {.items_per_task = 1});
  REQUIRE(eventually([&] { return files_in(folder / "began") == 3; }));

  cl::testing::lose_node(pool, 1, 2);
  REQUIRE(eventually([&] { return job.status().retried >= 1; }));
  touch(folder / "go");

  CHECK(job.fetch().size() == 9);
  CHECK(job.status().failed == 0);
  CHECK(job.status().retried == 1);
  CHECK_THROWS_AS(cl::testing::lose_node(pool, 1, 4), cl::error);
  CHECK_THROWS_AS(cl::testing::lose_node(pool, 2, 1), cl::error);
}

TEST_CASE("a lost node that is out of budget is told as such") {
  auto pool = make_pool(1);
  const shared_folder folder;
  make_directory(folder / "began");
  auto job = pool.pmap(wait_on_node, holds(folder, 1), {.retries = {.lost = 0}});
  REQUIRE(eventually([&] { return files_in(folder / "began") == 1; }));

  cl::testing::lose_node(pool, 1, 1);

  const auto error = conformance::error_of([&] { job.fetch(); });
  CHECK(error.cause() == cl::cause::node_lost);
  CHECK(error.kind() == cl::error_kind::lost);
}

TEST_CASE("nodes are lost under nested maps, the first one too, and nothing is missing") {
  auto pool = make_pool(3);
  const shared_folder folder;
  auto outer = [](const std::string& path) {
    auto inner = [](int i, const std::string& p) {
      append_line(p + "/log", std::to_string(i));
      eventually(
          [&] { return lines_of(p + "/log").size() >= 4 || conformance::exists(p + "/go"); });
      return i;
    };
    const auto all = cl::pmap(cl::bind(inner, path), 40, {.items_per_task = 1});
    return std::accumulate(all.begin(), all.end(), 0);
  };
  auto job = pool.pmap(outer, {folder.path()}, {.nodes_per_task = 3});
  REQUIRE(eventually([&] { return !lines_of(folder / "log").empty(); }));
  cl::testing::lose_node(pool, 1, 2);
  cl::testing::lose_node(pool, 1, 3);
  cl::testing::lose_node(pool, 1, 1);
  touch(folder / "go");

  CHECK(job.fetch(0) == 40 * 39 / 2);
  CHECK(job.status().failed == 0);
}

TEST_CASE("nodes lost at any moment of short nested and flat jobs lose nothing") {
  auto pool = make_pool(3);
  auto outer = [](int n) {
    const auto all = cl::pmap(twice, n);
    return std::accumulate(all.begin(), all.end(), 0);
  };
  for (int round = 0; round < 15; ++round) {
    auto nested = pool.pmap(outer, std::vector<int>(12, 30), {.nodes_per_task = round % 3 + 1});
    auto flat = pool.pmap(twice, 400, {.items_per_task = 5});
    cl::testing::lose_node(pool, 1, round % 3 + 1);
    nested.fetch(static_cast<std::size_t>(round % 12));
    cl::testing::lose_node(pool, 1, (round + 1) % 3 + 1);
    for (const int value : nested.fetch())
      REQUIRE(value == 30 * 29);
    REQUIRE(flat.fetch().size() == 400);
  }
}

TEST_CASE("a pool grows and shrinks while jobs run") {
  auto pool = make_pool(1);
  const shared_folder folder;
  make_directory(folder / "began");
  auto job = pool.pmap(wait_on_node, holds(folder, 12), {.items_per_task = 1});
  REQUIRE(eventually([&] { return files_in(folder / "began") == 1; }));

  pool.resize(3);

  CHECK(pool.nodes() == 3);
  REQUIRE(eventually([&] { return files_in(folder / "began") == 3; }));
  pool.resize(2);
  CHECK(pool.nodes() == 2);
  touch(folder / "go");
  CHECK(job.fetch().size() == 12);
  CHECK(job.status().failed == 0);

  auto where = [](int) { return cl::node(); };
  const auto nodes = pool.pmap(where, 200, {.items_per_task = 1}).fetch();
  CHECK(std::set<std::string>(nodes.begin(), nodes.end()).size() <= 2);
  CHECK_THROWS_AS(pool.resize(0), cl::error);
  CHECK_THROWS_AS(pool.resize(1'000'000), cl::error);
  CHECK_THROWS_AS(pool.pmap(twice, 10, {.procs_per_node = 1'000'000}), cl::error);
  CHECK(pool.pmap(twice, 10).fetch().size() == 10);
}

TEST_CASE("a pool does not shrink below what a running job needs") {
  auto pool = make_pool(3);
  const shared_folder folder;
  make_directory(folder / "began");
  auto job = pool.pmap(wait_on_node, holds(folder, 3), {.nodes_per_task = 2});
  REQUIRE(eventually([&] { return files_in(folder / "began") == 1; }));

  CHECK_THROWS_AS(pool.resize(1), cl::error);
  touch(folder / "go");

  CHECK(job.fetch().size() == 3);
  pool.resize(1);
  CHECK(pool.pmap(twice, 10).fetch().size() == 10);
}

TEST_CASE("a forked child cannot use or end the pool of its parent, and can make its own") {
  auto pool = make_pool(1);
  auto job = pool.pmap(twice, 10);
  CHECK(job.fetch().size() == 10);
  const auto refused = [](auto&& use) {
    try {
      use();
    } catch (const cl::error& caught) {
      return caught.kind() == cl::error_kind::misuse;
    }
    return false;
  };

  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    bool good = refused([&] { pool.pmap(twice, 3); }) && refused([&] { job.fetch(); }) &&
                refused([&] { pool.destroy(); });
    { const cl::pool ends_here = std::move(pool); }
#if !defined(__SANITIZE_THREAD__)
    good = good && make_pool(1).pmap(twice, 3).fetch().size() == 3;
#endif
    ::_exit(good ? 0 : 1);
  }
#if defined(__SANITIZE_THREAD__)
  MESSAGE("the child makes no pool: ThreadSanitizer allows it no threads");
#endif
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);

  CHECK(status == 0);
  CHECK(pool.pmap(twice, 10).fetch().size() == 10);
  CHECK(job.fetch().size() == 10);
}

TEST_CASE("10,000 small jobs one after the other") {
  auto pool = make_pool(1);
  int wrong = 0;
  for (int i = 0; i < 10'000; ++i)
    wrong += pool.run(twice, i).fetch(0) != 2 * i;
  CHECK(wrong == 0);
}

TEST_CASE("a thousand jobs wait at the same time") {
  auto pool = make_pool(2);
  std::vector<cl::job<int>> jobs;
  for (int i = 0; i < 1000; ++i)
    jobs.push_back(pool.pmap(twice, {i, i + 1}));
  int wrong = 0;
  for (int i = 999; i >= 0; --i)
    wrong += jobs[static_cast<std::size_t>(i)].fetch() != std::vector<int>{2 * i, 2 * i + 2};
  CHECK(wrong == 0);
}

TEST_CASE("a pool that was destroyed takes nothing any more, and says so") {
  auto pool = make_pool(1);
  pool.destroy();

  CHECK_THROWS_WITH_AS(pool.broadcast(std::vector<int>(10)), doctest::Contains("destroyed"),
                       cl::error);
  CHECK_THROWS_WITH_AS(pool.resize(2), doctest::Contains("destroyed"), cl::error);
  CHECK_THROWS_WITH_AS(pool.pmap(twice, 3), doctest::Contains("destroyed"), cl::error);
}
