// SPDX-License-Identifier: MIT
// The engine "azure" while faults strike: requests that are refused, lost or answered twice, nodes
// and processes that go, answers that break off. Every item ends with its one outcome, the report
// is honest, and nothing of the run is left behind.
#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <set>
#include <string>
#include <vector>

#include "azure/emulated_cloud.hpp"
#include "conformance/pool_under_test.hpp"
#include "support/blob_proxy.hpp"

using namespace clusterless;
using namespace clusterless::tests;

namespace {

constexpr int many = 1000;
const map_options packed = {
    .retries = {.user = 1}, .items_per_task = 25, .progress = verbosity::silent};

int threefold(int item) {
  return 3 * item;
}

/// One item tells that it runs and waits until it may go on; a second try of it does not wait.
int gated(int item, const std::string& folder) {
  if (item == 310 && !conformance::exists(folder + "/began")) {
    conformance::touch(folder + "/began");
    conformance::await(folder + "/open");
  }
  return 3 * item;
}

/// One item ends the process that runs its task, once.
int deadly(int item, const std::string& folder) {
  if (item == 310 && !conformance::exists(folder + "/done")) {
    conformance::touch(folder + "/done");
    ::kill(::getppid(), SIGKILL);
    conformance::await(folder + "/never");
  }
  return 3 * item;
}

int noted(int item, const std::string& folder) {
  conformance::append_line(folder + "/ran", std::to_string(item));
  return 3 * item;
}

/// All outcomes are there, each once, each the right one; the report says so.
void check_all(job<int>& mapped) {
  const auto outcomes = mapped.outcomes();
  REQUIRE(outcomes.size() == many);
  int wrong = 0;
  std::string why;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i] && outcomes[i].value() == 3 * static_cast<int>(i)) continue;
    ++wrong;
    if (!outcomes[i] && why.empty()) why = outcomes[i].error().what();
  }
  CHECK_MESSAGE(wrong == 0, why);
  const job_status told = mapped.status();
  CHECK(told.finished);
  CHECK(told.total == many);
  CHECK(told.done == many);
  CHECK(told.failed == 0);
  CHECK(told.running == 0);
}

void check_nothing_left(emulated_cloud& at, pool& on) {
  on.destroy();
  const auto left = at.left();
  CHECK_MESSAGE(left.empty(), (left.empty() ? "" : left.front()));
}

/// Maps while these faults of requests strike, all of them at least once.
void map_under(const std::vector<std::string>& rules) {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  for (const auto& each : rules)
    at.fault(each);
  pool on = at.make_pool(2);
  auto mapped = on.pmap(threefold, many, packed);
  check_all(mapped);
  CHECK(mapped.status().retried == 0);
  CHECK(at.strikes() >= static_cast<std::int64_t>(rules.size()));
  check_nothing_left(at, on);
}

/// Maps while a fault of a node strikes the node that the gated item runs on.
void lose_a_node(const std::string& rule) {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  const conformance::shared_folder folder;
  pool on = at.make_pool(1);
  auto mapped = on.pmap(clusterless::bind(gated, folder.path()), many, packed);
  REQUIRE(conformance::eventually([&] { return conformance::exists(folder / "began"); }));
  at.fault(rule);
  check_all(mapped);
  CHECK(mapped.status().retried > 0);
  check_nothing_left(at, on);
}

}  // namespace

TEST_CASE("a service that is busy when tasks are added loses and doubles nothing") {
  map_under({R"({"match": {"method": "POST", "path": "/pools"}, "status": 500})",
             R"({"match": {"method": "POST", "path": "/jobs"}, "status": 503, "retry_after": 1})",
             R"({"match": {"method": "POST", "path": "addtaskcollection"}, "times": 2,
                 "status": 429, "retry_after": 1})",
             R"({"match": {"method": "POST", "path": "addtaskcollection"}, "skip": 1, "times": 2,
                 "status": 503})"});
}

TEST_CASE("connections that break before and after tasks are added lose and double nothing") {
  map_under({R"({"match": {"method": "POST", "path": "/pools"}, "reset": "after"})",
             R"({"match": {"method": "POST", "path": "/jobs"}, "reset": "after"})",
             R"({"match": {"method": "POST", "path": "addtaskcollection"}, "reset": "before"})",
             R"({"match": {"method": "POST", "path": "addtaskcollection"}, "skip": 1, "times": 2,
                 "reset": "after"})"});
}

TEST_CASE("lists that break off, come slowly or not at all lose no outcome") {
  map_under({R"({"match": {"method": "GET", "path": "/tasks"}, "skip": 1, "reset": "before"})",
             R"({"match": {"method": "GET", "path": "/tasks"}, "skip": 2, "truncate": 100})",
             R"({"match": {"method": "GET", "path": "/tasks"}, "skip": 3, "times": 2,
                 "status": 500})",
             R"({"match": {"method": "GET", "path": "/tasks"}, "skip": 4, "times": 3,
                 "slow_ms": 20, "delay_ms": 100})"});
}

TEST_CASE("a preempted node costs attempts and no outcome") {
  lose_a_node(R"({"node": {"do": "preempt", "back_after_ms": 0}})");
}

TEST_CASE("a node that is lost costs attempts and no outcome") {
  lose_a_node(R"({"node": {"do": "lose", "back_after_ms": 100}})");
}

TEST_CASE("tasks that the service starts twice have one outcome for each item") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  const conformance::shared_folder folder;
  at.fault(R"({"duplicate_start": 8})");
  pool on = at.make_pool(2);
  auto mapped = on.pmap(clusterless::bind(noted, folder.path()), many, packed);
  check_all(mapped);
  const auto ran = conformance::lines_of(folder / "ran");
  CHECK(std::set<std::string>(ran.begin(), ran.end()).size() == many);
  check_nothing_left(at, on);
}

TEST_CASE("a task that is killed costs one attempt of the item it was in") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  const conformance::shared_folder folder;
  pool on = at.make_pool(2);
  auto mapped = on.pmap(clusterless::bind(deadly, folder.path()), many, packed);
  check_all(mapped);
  CHECK(mapped.status().retried == 1);
  check_nothing_left(at, on);
}

TEST_CASE("blobs whose requests and answers are dropped lose no outcome") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  std::atomic<int> logs = 0, containers = 0;
  const blob_proxy between(blobs, [&](const std::string& line) {
    if (line.starts_with("GET ") && line.find("/logs/") != std::string::npos) {
      const int n = logs++;
      return n % 11 == 1   ? fault::lost_before
             : n % 11 == 5 ? fault::lost_after
             : n % 11 == 8 ? fault::busy
                           : fault::none;
    }
    if (line.find("restype=container") != std::string::npos)
      return containers++ % 2 == 0 ? fault::lost_after : fault::none;
    return fault::none;
  });
  at.use_blobs(between.connection_string());
  pool on = at.make_pool(2);
  auto mapped = on.pmap(threefold, many, packed);
  check_all(mapped);
  CHECK(logs > 11);
  CHECK(containers > 1);
  check_nothing_left(at, on);
}

TEST_CASE("a pool that is destroyed while its job is being made leaves nothing behind") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  at.fault(R"({"match": {"method": "POST", "path": "/jobs"}, "times": 2,
               "delay_ms": 300, "reset": "after"})");
  pool on = at.make_pool(1);
  auto mapped = on.pmap(threefold, many, packed);
  REQUIRE(conformance::eventually([&] { return at.strikes() > 0; }));
  check_nothing_left(at, on);
  CHECK(at.strikes() == 2);  // its job was made before it was deleted
  CHECK(mapped.status().finished);
}

TEST_CASE("a pool that is destroyed while it is being made leaves nothing behind") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  at.fault(R"({"match": {"method": "POST", "path": "/pools"}, "times": 2,
               "delay_ms": 300, "reset": "after"})");
  pool on = at.make_pool(1);
  REQUIRE(conformance::eventually([&] { return at.strikes() > 0; }));
  check_nothing_left(at, on);
  CHECK(at.strikes() == 2);
}
