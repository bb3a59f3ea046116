// SPDX-License-Identifier: MIT
// What a user of the engine "azure" is told when something is wrong from the start or is taken away
// by somebody else: the thing, the reason, and what to do; soon, and never a wait without end.
#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <string>

#include "azure/emulated_cloud.hpp"
#include "conformance/pool_under_test.hpp"
#include "core/defaults.hpp"
#include "support/blob_proxy.hpp"

using namespace clusterless;
using namespace clusterless::tests;
using conformance::contains;

namespace {

const map_options silent = {.progress = verbosity::silent};

int threefold(int item) {
  return 3 * item;
}

int length(const std::string& item) {
  return static_cast<int>(item.size());
}

int gated(int item, const std::string& folder) {
  conformance::touch(folder + "/began");
  conformance::await(folder + "/open");
  return 3 * item;
}

/// What a map over this pool says that cannot run.
std::string told_by(pool& on) {
  return error_text([&] { on.pmap(threefold, 4, silent).fetch(); });
}

std::string told_by_new_pool(emulated_cloud& at, const std::string& parameters = {},
                             const pool_options& options = {}) {
  pool on = at.make_pool(1, parameters, options);
  return told_by(on);
}

void check_says(const std::string& text, const std::vector<std::string>& parts) {
  for (const auto& part : parts)
    CHECK_MESSAGE(contains(text, part), ("no \"" + part + "\" in: " + text));
}

/// Runs items that wait, lets `strike` take something away, lets them go on: what fetch says.
template <class Strike>
std::string told_after(emulated_cloud& at, Strike strike) {
  const conformance::shared_folder folder;
  pool on = at.make_pool(1);
  auto mapped = on.pmap(clusterless::bind(gated, folder.path()), 4, silent);
  REQUIRE(conformance::eventually([&] { return conformance::exists(folder / "began"); }));
  strike();
  conformance::touch(folder / "open");
  std::string told = error_text([&] { mapped.fetch(); });
  on.destroy();
  CHECK(at.left().empty());
  return told;
}

}  // namespace

TEST_CASE("without an account, the error says which variables to set and where to find them") {
  for (const char* name : {"AZURE_BATCH_ENDPOINT", "AZURE_BATCH_ACCOUNT", "AZURE_BATCH_ACCESS_KEY",
                           "AZURE_STORAGE_CONNECTION_STRING", "CREDENTIALS", "PARAMETERS"})
    ::unsetenv(name);
  check_says(error_text([] { create_pool({.engine = "azure"}); }),
             {"needs an account", "CREDENTIALS", "AZURE_BATCH_ENDPOINT",
              "AZURE_STORAGE_CONNECTION_STRING", "portal"});
}

TEST_CASE("a wrong Batch key and a wrong storage key are told apart, and neither is shown") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  const std::string good = std::getenv("AZURE_BATCH_ACCESS_KEY");
  ::setenv("AZURE_BATCH_ACCESS_KEY", "d3Jvbmcga2V5", 1);
  const std::string batch = told_by_new_pool(at);
  check_says(batch, {"AuthenticationFailed", "check the key", "pool"});
  CHECK_FALSE(contains(batch, "d3Jvbmcga2V5"));

  ::setenv("AZURE_BATCH_ACCESS_KEY", good.c_str(), 1);
  const std::string key = "AccountKey=";
  std::string wrong = blobs.connection_string;
  const auto from = wrong.find(key) + key.size();
  wrong.replace(from, wrong.find(';', from) - from, "d3Jvbmcga2V5");
  at.use_blobs(wrong);
  const std::string blob = told_by_new_pool(at);
  check_says(blob, {"container", "AuthorizationFailure", "check the key"});
  CHECK_FALSE(contains(blob, "d3Jvbmcga2V5"));
}

TEST_CASE("an account address where nobody answers is told with the address, soon") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  const std::string nobody = "http://127.0.0.1:" + std::to_string(free_port());
  ::setenv("AZURE_BATCH_ENDPOINT", nobody.c_str(), 1);
  check_says(told_by_new_pool(at), {"127.0.0.1", "could not be reached", "check the address"});
}

TEST_CASE("a pool of another VM size is not taken up, and the error says what differs") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  at.make_pool_of_size("BatchPool_1", "STANDARD_D64_v3");
  pool on = at.make_pool(1);
  check_says(told_by(on), {"BatchPool_1", "VM size is standard_d64_v3", "wanted", "_POOL_ID",
                           "az batch pool delete"});
  on.destroy();
  CHECK(at.pools() == std::vector<std::string>{"BatchPool_1"});
}

TEST_CASE("a start-up script that fails is told with its exit code and what it printed") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  const scratch_directory folder;
  const std::string script = folder.path() + "/startup.sh";
  std::ofstream(script) << "echo looking for the licence\necho no licence here >&2\nexit 1\n";
  check_says(
      told_by_new_pool(at, {}, {.startup_script = script}),
      {"start-up script failed", "exit code 1", "looking for the licence", "no licence here"});
}

TEST_CASE("tasks of more nodes than the pool are refused before anything is made") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  check_says(error_text([&] { at.make_pool(2, {}, {.nodes_per_task = 3}); }),
             {"nodes_per_task", "3", "2"});
  check_says(error_text([&] {
               at.make_pool(4, R"("_INTER_NODE_CONNECTION": "0",
                                                 "_NUM_NODES_PER_TASK": "2")");
             }),
             {"_NUM_NODES_PER_TASK", "reach each other", "_INTER_NODE_CONNECTION"});
  CHECK(at.left().empty());

  pool on = at.make_pool(2, R"("_INTER_NODE_CONNECTION": "0")");
  check_says(error_text([&] { on.pmap(threefold, 4, {.nodes_per_task = 3}); }),
             {"3 nodes", "pool of 2 nodes", "nodes_per_task"});
  check_says(error_text([&] { on.pmap(threefold, 4, {.nodes_per_task = 2}); }),
             {"2 nodes", "reach each other", "_INTER_NODE_CONNECTION"});
}

TEST_CASE("a job that somebody else deletes while it runs ends the map, which says so") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  std::string id;
  const std::string told = told_after(at, [&] {
    id = at.jobs().at(0);
    at.delete_job(id);
  });
  check_says(told, {id, "deleted by somebody else"});
}

TEST_CASE("a job that somebody else ends while it runs ends the map, which says so") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  check_says(told_after(at, [&] { at.terminate_job(at.jobs().at(0)); }),
             {"ended by somebody else"});
}

TEST_CASE("a run's container that somebody else deletes ends the map, which says so") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  std::string name;
  const std::string told = told_after(at, [&] {
    name = at.containers().at(0);
    at.delete_container(name);
  });
  check_says(told, {name, "deleted by somebody else"});
}

TEST_CASE("an allocation that a quota forbids is told in the service's words") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  at.fault(R"({"allocation": {"code": "AccountCoreQuotaReached", "times": 1000,
               "message": "The specified account has reached core quota"}})");
  check_says(told_by_new_pool(at),
             {"BatchPool_1", "cannot get its nodes", "The specified account has reached core quota",
              "AccountCoreQuotaReached"});
}

TEST_CASE("a clock that is an hour off is told as that") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  at.fault(R"({"clock_skew_s": 3600})");
  check_says(told_by_new_pool(at), {"clock", "60 min", "behind", "set the clock"});
}

TEST_CASE("names that the service would refuse are told, or made to fit") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  const std::string long_name(63, 'p');
  check_says(error_text([&] { at.make_pool(1, R"("_POOL_ID": ")" + long_name + '"'); }),
             {"65 characters", "64", "_POOL_ID"});
  check_says(error_text([&] { at.make_pool(1, R"("_POOL_ID": "a pool")"); }), {"_POOL_ID"});
  const std::string container = std::string(37, 'c') + "-" + std::string(20, 'd');
  pool on = at.make_pool(
      1, R"("_JOB_ID": ")" + long_name + R"(", "_BLOB_CONTAINER": ")" + container + '"');
  CHECK(on.pmap(threefold, 2, silent).fetch() == std::vector{0, 3});
  on.destroy();
  CHECK(at.left().empty());
}

TEST_CASE("a VM size and an image that the service does not have are told in its words") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  check_says(told_by_new_pool(at, R"("_POOL_VM_SIZE": "Standard_Enormous")"),
             {"BatchPool_1", "vmSize", "Standard_Enormous", "not supported"});
  check_says(error_text([&] { at.make_pool(1, {}, {.image_resource_id = "mine"}); }),
             {"image_resource_id", "/subscriptions/"});
  CHECK(at.pools().empty());
}

TEST_CASE("pools whose nodes reach each other have at most 100 of them") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  check_says(error_text([&] { at.make_pool(101, {}, {.nodes_per_task = 101}); }),
             {"100 nodes", "101"});
  CHECK(at.pools().empty());
}

TEST_CASE("a start-up script that is empty or too long is told before anything is made") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  const auto told = [&](const std::string& script) {
    const std::string path = at.write_file("start.sh", script);
    return error_text([&] { at.make_pool(1, {}, {.startup_script = path}); });
  };
  check_says(told(""), {"start.sh", "is empty"});
  check_says(told(std::string((1 << 20) + 1, '#')), {"start.sh", "1"});
  check_says(error_text([&] { at.make_pool(1, {}, {.startup_script = "/nowhere/start.sh"}); }),
             {"/nowhere/start.sh"});
  CHECK(at.left().empty());
}

TEST_CASE("an argument over the limit is an error of its item, and the others run") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  pool on = at.make_pool(1);
  const std::vector<std::string> items{"short", std::string(5000, 'x'), "short"};
  auto mapped = on.pmap(length, items, {.max_item_bytes = 1000, .progress = verbosity::silent});
  const auto outcomes = mapped.outcomes();
  CHECK(outcomes[0].value() == 5);
  REQUIRE_FALSE(outcomes[1]);
  CHECK(outcomes[1].error().cause() == cause::too_large);
  CHECK(outcomes[2].value() == 5);
  on.destroy();
}

TEST_CASE("a plan that somebody replaces by other bytes runs nothing: its items are sent again") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  const conformance::shared_folder folder;
  const stderr_text said;
  pool on = at.make_pool(1, {}, {.verbose = true});
  auto first = on.pmap(clusterless::bind(gated, folder.path()), 1, silent);
  REQUIRE(conformance::eventually([&] { return conformance::exists(folder / "began"); }));
  auto second = on.pmap(length, std::vector<std::string>{std::string(50'000, 'x')},
                        {.progress = verbosity::verbose});
  const std::string container = at.containers().at(0);
  std::vector<std::string> plans;
  REQUIRE(conformance::eventually([&] {
    plans = at.blobs(container, "pool1/plans/");
    return !plans.empty();
  }));
  at.replace_blob(container, plans.front());
  conformance::touch(folder / "open");
  CHECK(first.fetch() == std::vector{0});
  CHECK(second.fetch() == std::vector{50'000});
  CHECK(second.status().retried == 1);
  on.destroy();
  check_says(said.now(), {"Retry: ", "plan"});
}

TEST_CASE("a program that somebody replaces by other bytes is sent again") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  for (int round = 0; round < 2; ++round) {
    pool on = at.make_pool(1);
    CHECK(on.pmap(threefold, 2, silent).fetch() == std::vector{0, 3});
    on.destroy();
    const std::string container(defaults::blob_container);
    for (const auto& name : at.blobs(container, "programs/"))
      at.replace_blob(container, name);
  }
}

TEST_CASE("a log that somebody replaces by other bytes is not believed: its items run again") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  std::atomic<bool> replaced = false;
  const blob_proxy between(blobs, [&](const std::string& line) {
    const auto from = line.find("/azureclusterlesshpctemp-");
    const auto logs = line.find("/pool1/logs/");
    if (line.starts_with("GET ") && logs != std::string::npos && !replaced.exchange(true))
      at.replace_blob(line.substr(from + 1, logs - from - 1),
                      line.substr(logs + 1, line.find_first_of(" ?", logs) - logs - 1));
    return fault::none;
  });
  at.use_blobs(between.connection_string());
  pool on = at.make_pool(1);
  auto mapped = on.pmap(threefold, 4, silent);
  CHECK(mapped.fetch() == std::vector{0, 3, 6, 9});
  CHECK(replaced);
  CHECK(mapped.status().retried > 0);
  on.destroy();
}
