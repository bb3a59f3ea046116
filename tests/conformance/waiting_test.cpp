// SPDX-License-Identifier: MIT
// Who waits and who does not: short items one after the other, and what goes on beside them.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "conformance/pool_under_test.hpp"

namespace cl = clusterless;
using conformance::await;
using conformance::eventually;
using conformance::make_pool;
using conformance::shared_folder;
using conformance::touch;

namespace {

int next(int x) {
  return x + 1;
}

int told(const std::string& file) {
  touch(file);
  return 1;
}

int held(const std::string& file) {
  await(file);
  return 1;
}

/// Runs one short item after the other in a thread of its own, until it goes.
class busy_thread {
 public:
  explicit busy_thread(cl::pool& pool) {
    runs_ = std::thread([this, &pool] {
      for (int i = 0; !over_; ++i) {
        if (pool.run(next, i).fetch(0) != i + 1) wrong_ = true;
        ++done_;
      }
    });
    eventually([this] { return done_ > 100; });
  }
  ~busy_thread() {
    over_ = true;
    runs_.join();
    CHECK_FALSE(wrong_);
  }
  busy_thread(const busy_thread&) = delete;
  busy_thread& operator=(const busy_thread&) = delete;

 private:
  std::atomic<bool> over_{false};
  std::atomic<bool> wrong_{false};
  std::atomic<int> done_{0};
  std::thread runs_;
};

}  // namespace

TEST_CASE("an item nobody waits for is over all the same, after many that were waited for") {
  auto pool = make_pool(1);
  for (int i = 0; i < 200; ++i) {
    for (int k = 0; k < 20; ++k)
      REQUIRE(pool.run(next, k).fetch(0) == k + 1);
    const auto job = pool.run(next, i);
    REQUIRE(eventually([&] { return job.status().finished; }));
  }
}

TEST_CASE("a map nobody waits for goes on, after items that were waited for") {
  auto pool = make_pool(2);
  const shared_folder folder;
  for (int k = 0; k < 100; ++k)
    REQUIRE(pool.run(next, k).fetch(0) == k + 1);
  std::vector<std::string> files;
  for (int i = 0; i < 50; ++i)
    files.push_back(folder / std::to_string(i));

  const auto job = pool.pmap(told, files, {.items_per_task = 1});

  for (const auto& file : files)
    await(file);
  CHECK(eventually([&] { return job.status().finished; }));
}

TEST_CASE("a wait has any limit: none is below 0, and the longest are for ever") {
  using namespace std::chrono;
  auto pool = make_pool(1);
  const shared_folder folder;
  auto job = pool.run(held, folder / "open");
  for (const auto limit : {nanoseconds(0), nanoseconds(-1), nanoseconds::min()})
    CHECK_FALSE(job.wait(limit));
  CHECK_FALSE(job.wait(duration<double>(-1e300)));
  CHECK_FALSE(job.wait(microseconds(1)));
  std::thread opens([&] { touch(folder / "open"); });
  CHECK(job.wait(nanoseconds::max()));
  opens.join();
  CHECK(job.wait(hours::max()));
  CHECK(job.wait(duration<double>(1e300)));
  CHECK(job.wait(nanoseconds(0)));
}

TEST_CASE("a job is over, cancelled or takes nodes while another thread runs item after item") {
  auto pool = make_pool(2);
  const shared_folder folder;
  const busy_thread beside(pool);

  CHECK(pool.pmap(next, 1000, {.items_per_task = 10}).fetch().back() == 1000);
  auto endless = pool.run(held, folder / "never");
  REQUIRE(eventually([&] { return endless.status().running == 1; }));
  endless.cancel();
  CHECK(endless.outcome_of(0).error().cause() == cl::cause::cancelled);
  pool.resize(3);
  CHECK(pool.nodes() == 3);
  CHECK(pool.pmap(next, 100).fetch().size() == 100);
}

TEST_CASE("a worker that dies while another thread runs item after item is replaced") {
  auto pool = make_pool(2);
  const busy_thread beside(pool);
  auto job = pool.run(
      +[](const int&) -> int { std::abort(); }, 0);
  CHECK(job.outcome_of(0).error().cause() == cl::cause::crashed);
  CHECK(pool.pmap(next, 100).fetch().size() == 100);
}
