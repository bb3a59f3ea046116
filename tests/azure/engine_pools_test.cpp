// SPDX-License-Identifier: MIT
// Pools as programs ask the engine "azure" for them: spot nodes, several tasks on a node, formulas
// and images of one's own, registries, sizes that change; taken up, and not when they differ.
#include <doctest/doctest.h>

#include <string>

#include "azure/emulated_cloud.hpp"
#include "conformance/pool_under_test.hpp"

using namespace clusterless;
using namespace clusterless::tests;
using conformance::contains;

namespace {

const map_options silent = {.progress = verbosity::silent};

int threefold(int item) {
  return 3 * item;
}

/// Each tells that it runs and waits until `many` do.
int met(int item, const std::string& folder, int many) {
  conformance::touch(folder + "/began" + std::to_string(item));
  for (int other = 0; other < many; ++other)
    conformance::await(folder + "/began" + std::to_string(other));
  return item;
}

void check_works(pool& on) {
  CHECK(on.pmap(threefold, 3, silent).fetch() == std::vector{0, 3, 6});
}

std::string told_by(pool& on) {
  return error_text([&] { on.pmap(threefold, 4, silent).fetch(); });
}

void check_says(const std::string& text, const std::vector<std::string>& parts) {
  for (const auto& part : parts)
    CHECK_MESSAGE(contains(text, part), ("no \"" + part + "\" in: " + text));
}

}  // namespace

TEST_CASE("some of the nodes are spot nodes, and a pool that changes its size keeps the others") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  pool on = at.make_pool(3, {}, {.spot_nodes = 2});
  check_works(on);
  const auto is = [&](int dedicated, int spot) {
    const auto now = at.pool_named("BatchPool_1");
    return now.dedicated_target == dedicated && now.spot_target == spot;
  };
  CHECK(is(1, 2));
  on.resize(5);
  CHECK(conformance::eventually([&] { return is(1, 4); }));
  on.resize(2, 0);
  CHECK(conformance::eventually([&] { return is(2, 0); }));
  CHECK(on.nodes() == 2);
  check_says(error_text([&] { on.resize(2, 3); }), {"3 spot nodes of 2 nodes"});
  check_works(on);
  on.destroy();
}

TEST_CASE("a spot node that the service takes back costs attempts and no outcome") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  const conformance::shared_folder folder;
  pool on = at.make_pool(1, {}, {.spot_nodes = 1});
  auto mapped = on.pmap(clusterless::bind(met, folder.path(), 2), 1, silent);
  REQUIRE(conformance::eventually([&] { return conformance::exists(folder / "began0"); }));
  at.fault(R"({"node": {"do": "preempt", "back_after_ms": 0}})");
  conformance::touch(folder / "began1");
  CHECK(mapped.fetch() == std::vector{0});
  on.destroy();
}

TEST_CASE("several tasks run on a node side by side, and none of several nodes") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  const conformance::shared_folder folder;
  pool on = at.make_pool(1, {}, {.tasks_per_node = 3});
  auto mapped = on.pmap(clusterless::bind(met, folder.path(), 3), 3,
                        {.items_per_task = 1, .progress = verbosity::silent});
  CHECK(mapped.fetch() == std::vector{0, 1, 2});
  CHECK(at.pool_named("BatchPool_1").slots_per_node == 3);
  on.destroy();
  check_says(error_text([&] { at.make_pool(2, {}, {.nodes_per_task = 2, .tasks_per_node = 3}); }),
             {"tasks_per_node 3", "tasks of one node", "nodes_per_task 2"});
  pool two = at.make_pool(2, {}, {.tasks_per_node = 3});
  check_says(error_text([&] { two.pmap(threefold, 4, {.nodes_per_task = 2}); }),
             {"2 nodes", "tasks_per_node"});
  two.destroy();
}

TEST_CASE("a formula of the user scales the pool, and one that fails is told") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  const std::string two = "$TargetDedicatedNodes = 2;";
  pool on = at.make_pool(2, {},
                         {.autoscale_formula = two, .autoscale_interval = std::chrono::minutes(6)});
  check_works(on);
  auto now = at.pool_named("BatchPool_1");
  CHECK(now.formula == two);
  CHECK(now.formula_interval == "PT6M");
  CHECK(now.dedicated_target == 2);
  check_says(error_text([&] { on.resize(3); }), {"scales itself", "autoscale_formula"});

  pool again = at.make_pool(2, {}, {.autoscale_formula = "$TargetDedicatedNodes = 1;"});
  check_works(again);
  CHECK(conformance::eventually(
      [&] { return at.pool_named("BatchPool_1").formula == "$TargetDedicatedNodes = 1;"; }));
  again.destroy();

  pool wrong =
      at.make_pool(1, R"("_POOL_ID": "wrong")", {.autoscale_formula = "$TargetDedicatedNodes = ;"});
  check_says(told_by(wrong), {"wrong_1", "formula"});
}

TEST_CASE("images of one's own, containers and registries are asked for, and passwords not kept") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  const std::string own = "/subscriptions/1/resourceGroups/g/providers/M/images/mine";
  pool on =
      at.make_pool(1, R"("_CONTAINER": "r.azurecr.io/solver:3")",
                   {.image_resource_id = own, .registry = {"r.azurecr.io", "me", "very secret"}});
  check_works(on);
  const auto now = at.pool_named("BatchPool_1");
  CHECK(now.image.image_id == own);
  CHECK(contains(now.node_agent, "ubuntu"));
  CHECK(now.containers);
  REQUIRE(now.registries.size() == 1);
  CHECK(now.registries[0].server == "r.azurecr.io");
  CHECK(now.registries[0].user == "me");
  on.destroy();
}

TEST_CASE("a pool that is there is used when it fits, else each thing that differs is named") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  // The model's own image is gone: what it was replaced with is no difference.
  const std::string old_image = R"("_NODE_OS_OFFER": "UbuntuServer", "_NODE_OS_SKU": "18.04")";
  pool first = at.make_pool(1, old_image);
  check_works(first);
  pool second = at.make_pool(1, old_image);
  check_works(second);
  pool other = at.make_pool(1, R"("_NODE_OS_PUBLISHER": "debian", "_POOL_VM_SIZE": "Standard_F2",
                                  "_CONTAINER": "solver")",
                            {.tasks_per_node = 2, .registry = {{}, "me", "very secret"}});
  const std::string told = told_by(other);
  check_says(told, {"VM size is standard_e2s_v3, wanted standard_f2", "the image is canonical",
                    "the number of tasks on a node is 1, wanted 2",
                    "support for containers is off, wanted on",
                    "the container registry is none, wanted me at Docker Hub", "_POOL_ID"});
  CHECK_FALSE(contains(told, "very secret"));
  first.destroy();
}

TEST_CASE("nodes that come late are waited for") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  at.fault(R"({"allocation": {"delay_ms": 1500}})");
  const stderr_text said;
  pool on = at.make_pool(2, {}, {.verbose = true});
  check_works(on);
  on.destroy();
  check_says(said.now(), {"Created pool 1 of 1", "Pool BatchPool_1: 0 of 2 nodes ready."});
}

TEST_CASE("what a program has to leave behind is told at its end, each thing with the reason") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  const stderr_text said;
  pool on = at.make_pool(1);
  check_works(on);
  at.fault(R"({"match": {"method": "DELETE"}, "times": 2, "status": 403})");
  on.destroy();
  check_says(said.now(), {"Left behind: pool BatchPool_1: cannot delete pool BatchPool_1",
                          "Left behind: job BatchJob-", "AuthenticationFailed"});
}
