// SPDX-License-Identifier: MIT
// What an item may ask and do: scratch directories, environment, attempts, progress, packing.
#include <doctest/doctest.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "conformance/pool_under_test.hpp"

namespace cl = clusterless;
using conformance::exists;
using conformance::make_pool;
using conformance::shared_folder;

namespace {

std::string variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? "(unset)" : value;
}

std::string use_scratch(int i) {
  const std::string dir = cl::scratch_dir();
  if (dir != cl::scratch_dir()) throw std::runtime_error("two directories for one item");
  if (!std::filesystem::is_empty(dir)) throw std::runtime_error("not empty");
  std::ofstream(dir + "/file") << i;
  if (i % 5 == 4) throw std::runtime_error(dir);
  return dir;
}

}  // namespace

TEST_CASE("each item has a scratch directory of its own, which is gone afterwards") {
  auto pool = make_pool(3);

  const auto all = pool.pmap(use_scratch, 60).outcomes();

  std::set<std::string> directories;
  for (const auto& outcome : all)
    directories.insert(outcome ? outcome.value() : outcome.error().message());
  CHECK(directories.size() == 60);
  for (const auto& dir : directories)
    CHECK_FALSE(exists(dir));
}

TEST_CASE("scratch directories of crashed items are gone with the pool at the latest") {
  const shared_folder folder;
  {
    auto pool = make_pool(2);
    auto dies = [](const std::string& log) {
      conformance::append_line(log, cl::scratch_dir());
      std::abort();
      return 0;
    };
    pool.pmap(dies, {folder / "log"}).wait();
    pool.destroy();
  }
  const auto lines = conformance::lines_of(folder / "log");
  REQUIRE(lines.size() == 1);
  CHECK_FALSE(exists(lines[0]));
}

TEST_CASE("nested items have scratch directories apart from that of the outer item") {
  auto pool = make_pool(2);
  auto outer = [](int) {
    const std::string mine = cl::scratch_dir();
    std::ofstream(mine + "/kept") << "x";
    auto inner = [](int) { return cl::scratch_dir(); };
    auto all = cl::pmap(inner, 3);
    all.push_back(cl::remote_call(1, inner, 0));
    for (const auto& dir : all)
      if (dir == mine || exists(dir)) throw std::runtime_error("shared " + dir);
    if (mine != cl::scratch_dir() || !exists(mine + "/kept")) throw std::runtime_error("lost");
    return mine;
  };

  CHECK_FALSE(exists(pool.pmap(outer, {0}, {.nodes_per_task = 2}).fetch(0)));
}

TEST_CASE("the environment of a job is that of its items and of nobody else") {
  auto pool = make_pool(1);
  const std::string home = pool.run(variable, std::string("HOME")).fetch(0);
  cl::map_options options;
  options.env = {{"CONFORMANCE_A", "one two=three"}, {"CONFORMANCE_EMPTY", ""}, {"HOME", "/moved"}};

  CHECK(pool.pmap(variable, {"CONFORMANCE_A", "CONFORMANCE_EMPTY", "HOME"}, options).fetch() ==
        std::vector<std::string>{"one two=three", "", "/moved"});
  CHECK(pool.pmap(variable, {"CONFORMANCE_A", "CONFORMANCE_EMPTY", "HOME"}).fetch() ==
        std::vector<std::string>{"(unset)", "(unset)", home});
  options.env = {{"BAD=NAME", "x"}};
  CHECK_THROWS_AS(pool.pmap(variable, {"HOME"}, options), cl::error);
}

TEST_CASE("nested items see the environment of the job, and of their map on top") {
  auto pool = make_pool(2);
  auto outer = [](const std::string& name) {
    auto values = cl::pmap(variable, {name, std::string("CONFORMANCE_INNER")});
    cl::map_options options;
    options.env = {{"CONFORMANCE_INNER", "inside"}};
    for (auto& v : cl::pmap(variable, {name, std::string("CONFORMANCE_INNER")}, options))
      values.push_back(v);
    values.push_back(cl::remote_call(1, variable, "CONFORMANCE_INNER"));
    values.push_back(variable(name));
    return values;
  };
  cl::map_options options;
  options.nodes_per_task = 2;
  options.env = {{"CONFORMANCE_OUTER", "outside"}};

  CHECK(pool.pmap(outer, {"CONFORMANCE_OUTER"}, options).fetch(0) ==
        std::vector<std::string>{"outside", "(unset)", "outside", "inside", "(unset)", "outside"});
  CHECK(pool.run(variable, std::string("CONFORMANCE_OUTER")).fetch(0) == "(unset)");
}

TEST_CASE("what items print is kept for each of them, however they print it") {
  auto pool = make_pool(2);
  auto prints = [](int i) {
    switch (i) {
      case 0:
        std::printf("by printf\n");
        break;
      case 1:
        std::cout << "by cout" << '\n';
        break;
      case 2:
        std::fprintf(stderr, "by stderr\n");
        break;
      case 3:
        std::printf("no line break");
        break;
      case 4:
        std::cerr << "by cerr" << std::endl;
        break;
      case 5:
        if (::write(1, "by write\n", 9) != 9) return -1;
        break;
      case 6:
        if (std::system("echo by a child") != 0) return -1;
        break;
      default:
        break;
    }
    return i;
  };
  auto job = pool.pmap(prints, 8, {.items_per_task = 1, .prints = false});
  CHECK(job.fetch().size() == 8);

  const std::vector<std::string> expected = {"by printf", "by cout",  "by stderr",  "no line break",
                                             "by cerr",   "by write", "by a child", ""};
  for (std::size_t i = 0; i < 8; ++i)
    CHECK(job.output(i) == expected[i] + (expected[i].empty() ? "" : "\n"));
}

TEST_CASE("progress may be told at any time and shows in no value") {
  auto pool = make_pool(2);
  auto tells = [](int i) {
    for (int step = 0; step <= 100; ++step)
      cl::progress(step / 100.0, "step " + std::to_string(step));
    cl::progress(-1);
    cl::progress(1e300, std::string(10'000, 'x'));
    return i;
  };

  CHECK(pool.pmap(tells, 20).fetch().size() == 20);
  cl::progress(0.5, "outside of any task");
}

TEST_CASE("items_per_task packs items, and neither loses nor repeats any") {
  auto pool = make_pool(2);
  const shared_folder folder;
  for (const std::size_t packed : {1u, 3u, 7u, 100u, 1000u}) {
    auto job = pool.pmap([](int x) { return x; }, 200, {.items_per_task = packed});
    const auto values = job.fetch();
    REQUIRE(values.size() == 200);
    for (int i = 0; i < 200; ++i)
      REQUIRE(values[static_cast<std::size_t>(i)] == i);
    CHECK(job.status().done == 200);
  }
}

TEST_CASE("options that make no sense are refused at once") {
  auto pool = make_pool(2);
  auto same = [](int x) { return x; };

  CHECK_THROWS_AS(pool.pmap(same, 1, {.nodes_per_task = 3}), cl::error);
  CHECK_THROWS_AS(pool.pmap(same, 1, {.nodes_per_task = 0}), cl::error);
  CHECK_THROWS_AS(pool.pmap(same, 1, {.procs_per_node = -1}), cl::error);
  CHECK_THROWS_AS(pool.pmap(same, 1, {.timeout = std::chrono::seconds(-1)}), cl::error);
  CHECK_THROWS_AS(pool.pmap(same, 1, {.retries = {.user = -1}}), cl::error);
  CHECK(pool.pmap(same, 1).fetch(0) == 0);
}
