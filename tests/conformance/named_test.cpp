// SPDX-License-Identifier: MIT
// Named jobs: recorded, taken up again, tried again, and removed.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "conformance/pool_under_test.hpp"

namespace cl = clusterless;
using conformance::append_line;
using conformance::await;
using conformance::eventually;
using conformance::exists;
using conformance::lines_of;
using conformance::make_pool;
using conformance::shared_folder;
using conformance::touch;

namespace {

struct entry {
  std::string folder = {};
  int number = 0;
};
std::vector<entry> entries(const shared_folder& folder, int n) {
  std::vector<entry> all;
  for (int i = 0; i < n; ++i)
    all.push_back({folder.path(), i});
  return all;
}
std::string work(const entry& e) {
  append_line(e.folder + "/log", std::to_string(e.number));
  if (e.number % 10 == 3 && !exists(e.folder + "/repaired")) throw std::runtime_error("broken");
  return "value " + std::to_string(e.number);
}
std::string work_when_open(const entry& e) {
  if (e.number >= 5) {
    append_line(e.folder + "/gated", std::to_string(e.number));
    await(e.folder + "/gate");
  }
  return work(e);
}

/// Both nodes are in items that wait at the gate, so no item is between its line in the log and its
/// outcome. Others before these may be open: what waits behind a slow item is placed anew.
bool only_gated_items_run(cl::job<std::string>& job, const shared_folder& folder) {
  return eventually([&] {
    const auto now = job.status();
    return lines_of(folder / "gated").size() == 2 &&
           now.done + now.failed == lines_of(folder / "log").size();
  });
}

std::size_t files_below(const std::string& path) {
  std::size_t n = 0;
  if (exists(path))
    for (const auto& each : std::filesystem::recursive_directory_iterator(path))
      n += each.is_regular_file();
  return n;
}
std::string store() {
  return std::getenv("CLUSTERLESS_STORE");
}

double sum(const cl::array<double>& a, const std::string& gate) {
  if (!exists(gate)) throw std::runtime_error("not yet");
  double total = 0;
  for (const double x : a)
    total += x;
  return total;
}

}  // namespace

TEST_CASE("a named job can be opened again when it is done, and gives the same outcomes") {
  const shared_folder folder;
  {
    auto pool = make_pool(2);
    auto job = pool.pmap(work, entries(folder, 30), {.name = "conformance-again"});
    CHECK(job.id() == "conformance-again");
    job.wait();
  }

  auto job = cl::reopen<std::string>("conformance-again");
  const auto all = job.outcomes();

  REQUIRE(all.size() == 30);
  for (std::size_t i = 0; i < 30; ++i) {
    REQUIRE(static_cast<bool>(all[i]) == (i % 10 != 3));
    if (all[i])
      CHECK(all[i].value() == "value " + std::to_string(i));
    else
      CHECK(all[i].error().message() == "broken");
  }
  std::vector<int> seen(30, 0);
  for (const auto& outcome : job.completed())
    ++seen.at(outcome.item());
  CHECK(seen == std::vector<int>(30, 1));
  CHECK(job.fetch(7) == "value 7");
  CHECK(lines_of(folder / "log").size() == 30);
  CHECK(job.status().failed == 3);
  CHECK_THROWS_AS(cl::reopen<int>("conformance-again"), cl::error);
  CHECK(job.destroy());
}

TEST_CASE("what failed in a named job is tried again from its record") {
  const shared_folder folder;
  {
    auto pool = make_pool(2);
    pool.pmap(work, entries(folder, 30), {.name = "conformance-retry"}).wait();
  }
  auto job = cl::reopen<std::string>("conformance-retry");
  touch(folder / "repaired");

  auto again = cl::retry_failed(job);

  CHECK(again.fetch().at(13) == "value 13");
  CHECK(again.status().done == 30);
  CHECK(lines_of(folder / "log").size() == 33);
  std::vector<int> seen(30, 0);
  for (const auto& outcome : again.completed())
    ++seen.at(outcome.item());
  CHECK(seen == std::vector<int>(30, 1));
  CHECK(again.destroy());
}

TEST_CASE("a named job that was left is taken up and finished; nothing settled runs again") {
  const shared_folder folder;
  {
    auto pool = make_pool(2);
    auto job = pool.pmap(work_when_open, entries(folder, 12),
                         {.name = "conformance-left", .items_per_task = 1});
    REQUIRE(only_gated_items_run(job, folder));
    pool.destroy();
  }
  touch(folder / "gate");

  auto job = cl::reopen<std::string>("conformance-left");
  const auto all = job.outcomes();

  REQUIRE(all.size() == 12);
  CHECK(all[11].value() == "value 11");
  CHECK(all[3].error().message() == "broken");
  CHECK(lines_of(folder / "log").size() == 12);
  CHECK(job.destroy());
}

TEST_CASE("destroying a named job leaves nothing behind, and nothing of others is touched") {
  auto pool = make_pool(2);
  const shared_folder folder;
  auto kept = pool.pmap(work, entries(folder, 5), {.name = "conformance-kept"});
  kept.wait();
  const std::size_t before = files_below(store());
  auto job = pool.pmap(work, entries(folder, 50), {.name = "conformance-gone"});
  job.wait();
  CHECK(files_below(store()) > before);

  CHECK(job.destroy());

  CHECK(files_below(store()) == before);
  CHECK_THROWS_AS(cl::reopen<std::string>("conformance-gone"), cl::error);
  CHECK(kept.fetch(1) == "value 1");
  CHECK(kept.destroy());
}

TEST_CASE("a name is taken once, and free again after destroy") {
  auto pool = make_pool(2);
  const shared_folder folder;
  auto job = pool.pmap(work, entries(folder, 3), {.name = "conformance-twice"});

  CHECK_THROWS_AS(pool.pmap(work, entries(folder, 3), {.name = "conformance-twice"}), cl::error);
  job.wait();
  CHECK_THROWS_AS(pool.pmap(work, entries(folder, 3), {.name = "conformance-twice"}), cl::error);
  CHECK(job.destroy());
  auto next = pool.pmap(work, entries(folder, 2), {.name = "conformance-twice"});
  CHECK(next.fetch().size() == 2);
  CHECK(next.destroy());
  for (const char* bad : {"../up", "a/b", "new\nline", "."})
    CHECK_THROWS_AS(pool.pmap(work, entries(folder, 1), {.name = bad}), cl::error);
}

TEST_CASE("an unnamed job touches no store") {
  const std::size_t before = files_below(store());
  auto pool = make_pool(2);
  const shared_folder folder;

  CHECK(pool.pmap(work, entries(folder, 3)).fetch().size() == 3);

  CHECK(files_below(store()) == before);
}

TEST_CASE("a recorded job of a lazy input knows its end, and large values survive") {
  auto grown = [](int i) { return std::string(static_cast<std::size_t>(i) * 1000, 'x'); };
  {
    auto pool = make_pool(2);
    auto job = pool.pmap(grown, 300, {.name = "conformance-lazy"});
    CHECK(
        job.reduce(std::string(), [](const std::string& a,
                                     const std::string& b) { return a.size() > b.size() ? a : b; })
            .size() == 299'000);
  }
  auto job = cl::reopen<std::string>("conformance-lazy");
  CHECK(job.fetch().size() == 300);
  CHECK(job.fetch(299).size() == 299'000);
  CHECK(job.destroy());
}

TEST_CASE("results, broadcasts and arrays are in the record of the job that uses them") {
  const shared_folder folder;
  {
    auto pool = make_pool(2);
    auto filled = [](double value) {
      cl::array<double> a(50'000);
      for (auto& x : a)
        x = value;
      return a;
    };
    auto first = pool.pmap(filled, {1.0, 2.0});
    const std::vector<cl::result<cl::array<double>>> inputs = {first.result(0), first.result(1)};
    pool.pmap(cl::bind(sum, folder / "gate"), inputs, {.name = "conformance-inputs"}).wait();
    auto uses = [](int i, const cl::broadcast<std::vector<int>>& b, const std::string& gate) {
      if (!exists(gate)) throw std::runtime_error("not yet");
      return b->at(static_cast<std::size_t>(i));
    };
    const auto shared = pool.broadcast(std::vector<int>{7, 8, 9});
    pool.pmap(cl::bind(uses, shared, folder / "gate"), 3, {.name = "conformance-shared"}).wait();
  }
  touch(folder / "gate");

  auto sums = cl::retry_failed(cl::reopen<double>("conformance-inputs"));
  CHECK(sums.fetch() == std::vector<double>{5e4, 1e5});
  CHECK(sums.destroy());
  auto uses = cl::retry_failed(cl::reopen<int>("conformance-shared"));
  CHECK(uses.fetch() == std::vector<int>{7, 8, 9});
  CHECK(uses.destroy());
}

TEST_CASE("a cancelled named job can be finished later") {
  const shared_folder folder;
  {
    auto pool = make_pool(2);
    auto job = pool.pmap(work_when_open, entries(folder, 12),
                         {.name = "conformance-cancelled", .items_per_task = 1});
    REQUIRE(only_gated_items_run(job, folder));
    job.cancel();
    CHECK(job.status().finished);
  }
  touch(folder / "gate");
  touch(folder / "repaired");

  auto job = cl::reopen<std::string>("conformance-cancelled");
  job.wait();
  auto again = job.status().failed == 0 ? job : cl::retry_failed(job);

  CHECK(again.fetch().size() == 12);
  CHECK(again.destroy());
}
