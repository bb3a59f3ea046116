// SPDX-License-Identifier: MIT
// What fails inside of a nested map is a failure of that map's item: the outer item may catch it.
#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "conformance/pool_under_test.hpp"

namespace cl = clusterless;
using namespace std::chrono_literals;
using conformance::append_line;
using conformance::await;
using conformance::contains;
using conformance::lines_of;
using conformance::make_pool;
using conformance::shared_folder;
using conformance::touch;

namespace {

enum class fate : int { lives, throws, segfaults, leaves, is_killed, hangs };
int* volatile nowhere = nullptr;
volatile bool for_ever = true;

[[gnu::noinline, gnu::no_sanitize("undefined")]] int meet(fate what) {
  std::printf("inner fate %d\n", static_cast<int>(what));
  switch (what) {
    case fate::lives:
      break;
    case fate::throws:
      throw std::invalid_argument("inner trouble");
    case fate::segfaults:
      *nowhere = 1;
      break;
    case fate::leaves:
      std::exit(4);
    case fate::is_killed:
      ::kill(::getpid(), SIGKILL);
      ::pause();
      break;
    case fate::hangs:
      while (for_ever) {
      }
  }
  return 1;
}

struct caught {
  int cause = -1;
  std::size_t item = 0;
  int attempt = 0;
  int worker = 0;
  std::string node = {};
  std::string type = {};
  std::string message = {};
  std::string trace = {};
  int after = 0;
};
/// Runs 8 inner items of which the sixth meets its fate; tells what came of it, then goes on.
caught try_inner(fate what) {
  std::vector<fate> items(8, fate::lives);
  items[5] = what;
  cl::map_options options;
  options.retries.lost = 0;
  if (what == fate::hangs) options.timeout = 400ms;
  caught got;
  try {
    cl::pmap(meet, items, options);
  } catch (const cl::remote_error& e) {
    got = {static_cast<int>(e.cause()),
           e.item(),
           e.attempt(),
           e.worker(),
           e.node(),
           e.type(),
           e.message(),
           e.trace()};
  }
  for (const int value : cl::pmap(meet, std::vector<fate>(20, fate::lives)))
    got.after += value;
  return got;
}
int lets_through(fate what) {
  return cl::pmap(meet, {fate::lives, what}).at(1);
}

struct trial {
  std::string log = {};
  int dies_until = 0;
};
int dies_at_first(const trial& t) {
  append_line(t.log, std::to_string(cl::attempt()));
  if (cl::attempt() <= t.dies_until) {
    ::kill(::getpid(), SIGKILL);
    ::pause();
  }
  return cl::attempt();
}

}  // namespace

TEST_CASE("an outer item catches what its nested map throws and goes on") {
  auto pool = make_pool(3);
  const std::vector<fate> fates = {fate::throws, fate::segfaults, fate::leaves, fate::is_killed,
                                   fate::hangs};
  const std::vector<cl::cause> causes = {cl::cause::exception, cl::cause::crashed,
                                         cl::cause::exited, cl::cause::killed,
                                         cl::cause::timed_out};

  auto job = pool.pmap(try_inner, fates, {.nodes_per_task = 3, .prints = false});
  const auto all = job.outcomes();

  for (std::size_t i = 0; i < fates.size(); ++i) {
    INFO(i);
    REQUIRE_MESSAGE(all[i], std::string(all[i] ? "" : all[i].error().what()));
    const caught& got = all[i].value();
    CHECK(got.cause == static_cast<int>(causes[i]));
    CHECK(got.item == 5);
    CHECK(got.attempt == 1);
    CHECK(got.worker >= 2);
    CHECK_FALSE(got.node.empty());
    CHECK(got.after == 20);
    if (fates[i] == fate::segfaults) CHECK_MESSAGE(contains(got.trace, "meet"), got.trace);
  }
  CHECK(job.status().retried == 0);
}

TEST_CASE("a nested failure that is not caught fails the outer item with the whole story") {
  auto pool = make_pool(2);
  auto job = pool.pmap(lets_through, {fate::lives, fate::throws, fate::segfaults},
                       {.nodes_per_task = 2, .prints = false});

  const auto all = job.outcomes();

  CHECK(all[0].value() == 1);
  for (const std::size_t i : {1u, 2u}) {
    REQUIRE_FALSE(all[i]);
    CHECK(all[i].error().item() == i);
    CHECK(all[i].error().worker() == 1);
    CHECK(all[i].error().cause() == cl::cause::exception);
    CHECK(contains(all[i].error().type(), "remote_error"));
    CHECK_MESSAGE(contains(all[i].error().message(), "item 1"), all[i].error().message());
  }
  CHECK(contains(all[1].error().message(), "inner trouble"));
  CHECK(contains(all[2].error().message(), "SIGSEGV"));
}

TEST_CASE("inner items have retries of their own") {
  auto pool = make_pool(2);
  const shared_folder folder;
  auto outer = [](const trial& t) { return cl::pmap(dies_at_first, {t}).at(0); };

  CHECK(pool.pmap(outer, {trial{folder / "log", 2}}, {.nodes_per_task = 2}).fetch(0) == 3);
  CHECK(lines_of(folder / "log") == std::vector<std::string>{"1", "2", "3"});

  auto fails_twice = [](int) {
    auto inner = [](int) {
      if (cl::attempt() < 3) throw std::runtime_error("again");
      return cl::attempt();
    };
    return cl::pmap(inner, {0}, {.retries = {.user = 2}}).at(0);
  };
  CHECK(pool.run(fails_twice, 0).fetch(0) == 3);
}

TEST_CASE("a worker that waits for its own nested map may die without harm to others") {
  auto pool = make_pool(4);
  const shared_folder folder;
  auto outer = [](const std::string& path) {
    auto middle = [](int i, const std::string& p) {
      auto inner = [](int j, const std::string& q) {
        touch(q + "/inner-" + std::to_string(j));
        await(q + "/go");
        return j;
      };
      if (i != 1 || cl::attempt() != 1) return i;
      // Tells its number, waits for a nested map, and is killed meanwhile by the first process.
      append_line(p + "/pid", std::to_string(::getpid()));
      return cl::pmap(cl::bind(inner, p), 3).at(0) + 100;
    };
    auto killer = [](int, const std::string& p) {
      await(p + "/inner-0");
      ::kill(std::atoi(lines_of(p + "/pid").at(0).c_str()), SIGKILL);
      touch(p + "/go");
      return -1;
    };
    auto both = [](int i, const std::string& p) {
      auto m = decltype(middle){};
      auto k = decltype(killer){};
      return i == 3 ? k(i, p) : m(i, p);
    };
    return cl::pmap(cl::bind(both, path), 4, {.items_per_task = 1});
  };

  CHECK(pool.pmap(outer, {folder.path()}, {.nodes_per_task = 4}).fetch(0) ==
        std::vector<int>{0, 1, 2, -1});
}

TEST_CASE("the time of an outer item counts for each item alone, nested maps included") {
  auto pool = make_pool(2);
  auto outer = [](int) {
    auto works = [](int) {
      const auto until = std::chrono::steady_clock::now() + 60ms;
      while (std::chrono::steady_clock::now() < until) {
      }
      return 1;
    };
    return cl::pmap(works, 1).at(0);
  };

  auto job = pool.pmap(outer, 20, {.nodes_per_task = 2, .timeout = 600ms, .items_per_task = 20});

  for (const auto& outcome : job.outcomes())
    CHECK_MESSAGE(outcome, std::string(outcome ? "" : outcome.error().what()));
}

TEST_CASE("an outer item whose nested map hangs is ended after its timeout") {
  auto pool = make_pool(2);

  const auto all = pool.pmap(lets_through, {fate::lives, fate::hangs, fate::lives},
                             {.nodes_per_task = 2, .timeout = 3s, .prints = false})
                       .outcomes();

  CHECK(all[0].value() == 1);
  CHECK(all[2].value() == 1);
  REQUIRE_FALSE(all[1]);
  CHECK(all[1].error().cause() == cl::cause::timed_out);
  CHECK(all[1].error().worker() == 1);
}

TEST_CASE("nested maps of a thread that is not the item's are refused") {
  auto pool = make_pool(1);
  auto outer = [](int) {
    std::string text;
    std::thread([&text] {
      try {
        cl::pmap([](int x) { return x; }, 3);
      } catch (const cl::error& e) {
        text = e.what();
      }
    }).join();
    return text;
  };

  const std::string text = pool.run(outer, 0).fetch(0);

  CHECK_MESSAGE(contains(text, "thread"), text);
}
