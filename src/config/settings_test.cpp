// SPDX-License-Identifier: MIT
#include "config/settings.hpp"

#include <stdlib.h>

#include <array>
#include <chrono>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>
#include <clusterless/error.hpp>

#include "config/test_files.hpp"

namespace config = clusterless::config;
using clusterless::error_kind;
using clusterless::pool_options;

namespace {

const config::engine_defaults local = {.name = "local", .nodes_without_file = 8};
const config::engine_defaults azure = {.name = "azure",
                                       .runs_mpi = true,
                                       .runs_containers = true,
                                       .rents_nodes = true,
                                       .max_workers = 1'000'000};
const std::array only_local = {local};
const std::array both = {local, azure};

config::settings resolve(const pool_options& options, std::string_view json,
                         const config::engine_defaults& engine = local) {
  const config::parameters file =
      json.empty() ? config::parameters{} : config::parse_parameters(json, "p.json");
  return config::resolve(options, file, {&engine, "default", {}});
}

struct refused {
  error_kind kind;
  std::string text;
};

template <class Call>
refused refusal(Call call) {
  try {
    call();
  } catch (const clusterless::error& e) {
    return {e.kind(), e.what()};
  }
  return {error_kind::failed, "accepted"};
}

std::string misuse(const pool_options& options, std::string_view json) {
  const refused r = refusal([&] { resolve(options, json); });
  CHECK(r.kind == error_kind::misuse);
  return r.text;
}

}  // namespace

TEST_CASE("without a parameters file a local pool is this machine") {
  const config::settings s = resolve({}, "");

  CHECK(s.engine == "local");
  CHECK(s.pools == 1);
  CHECK(s.nodes == 8);
  CHECK(s.nodes_per_task == 1);
  CHECK(s.procs_per_node == 1);
  CHECK(s.omp_threads == 1);
  CHECK(s.user_retries == 0);
  CHECK(!s.mpi);
  CHECK(!s.inter_node);
  CHECK(s.verbose);
  CHECK(s.pool_id == "BatchPool");
  CHECK(s.container.empty());
  CHECK(s.notes.empty());
  CHECK(s.explain("nodes").from == "default, from what this machine has");
}

TEST_CASE("without a parameters file the machine is shared out among pools and processes") {
  CHECK(resolve({.pools = 2}, "").nodes == 4);
  CHECK(resolve({.procs_per_node = 3}, "").nodes == 2);
  CHECK(resolve({.pools = 100}, "").nodes == 1);
  CHECK(resolve({.pools = 4, .nodes_per_task = 5}, "").nodes == 5);
  CHECK(resolve({.nodes = 3}, "").nodes == 3);
  CHECK(resolve({}, "", azure).nodes == 1);
}

TEST_CASE("with a parameters file its absent keys have the model's defaults") {
  const config::settings s = resolve({}, "{}");

  CHECK(s.pools == 1);
  CHECK(s.nodes == 1);
  CHECK(s.vm_size == "Standard_E2s_v3");
  CHECK(s.os_publisher == "Canonical");
  CHECK(s.os_offer == "UbuntuServer");
  CHECK(s.os_sku == "18.04");
  CHECK(s.job_id == "BatchJob");
  CHECK(s.blob_container == "azureclusterlesshpctemp");
  CHECK(s.explain("nodes").from == "default");
}

TEST_CASE("options win over the file, the file over the defaults, and each says so") {
  const config::settings s = resolve(
      {.nodes = 6, .startup_script = "setup.sh", .verbose = false},
      "{\"_POOL_COUNT\": \"2\",\n\"_NODE_COUNT_PER_POOL\": \"4\",\n\"_NUM_RETRYS\": \"3\",\n"
      "\"_VERBOSE\": \"1\"}");

  CHECK(s.pools == 2);
  CHECK(s.nodes == 6);
  CHECK(s.user_retries == 3);
  CHECK(!s.verbose);
  CHECK(s.startup_script == "setup.sh");
  CHECK(s.explain("pools").key == "_POOL_COUNT");
  CHECK(s.explain("pools").value == "2");
  CHECK(s.explain("pools").from == "p.json line 1");
  CHECK(s.explain("nodes").value == "6");
  CHECK(s.explain("nodes").from == "pool_options.nodes");
  CHECK(s.explain("user_retries").from == "p.json line 3");
  CHECK(s.explain("verbose").from == "pool_options.verbose");
  CHECK(s.explain("startup_script").from == "pool_options.startup_script");
  CHECK(s.explain("omp_threads").from == "default");
  CHECK(s.explain("engine").value == "local");
  CHECK_THROWS_AS(s.explain("colour"), std::out_of_range);
}

TEST_CASE("the notebook's file makes two pools of four nodes") {
  const std::string path = config::test_data("notebook_parameters.json");
  const auto c = config::configure({}, {.parameters = path}, only_local);

  CHECK(c.values.pools == 2);
  CHECK(c.values.nodes == 4);
  CHECK(c.values.nodes_per_task == 4);
  CHECK(c.values.procs_per_node == 1);
  CHECK(c.values.inter_node);
  CHECK(c.values.pool_id == "BatchPoolDistributed");
  CHECK(c.values.notes == c.file.notes);
  CHECK(c.values.origins.size() == 26);
}

TEST_CASE("an option outside its limits is named") {
  const std::string limits = ", but must be a whole number from 1 to 10000";

  CHECK(misuse({.pools = 0}, "") == "pool_options.pools is 0" + limits);
  CHECK(misuse({.nodes = -1}, "{}") == "pool_options.nodes is -1" + limits);
  CHECK(misuse({.nodes_per_task = 10'001}, "") == "pool_options.nodes_per_task is 10001" + limits);
  CHECK(misuse({.procs_per_node = 0}, "") == "pool_options.procs_per_node is 0" + limits);
  CHECK(misuse({.omp_threads = 0}, "") == "pool_options.omp_threads is 0" + limits);
}

TEST_CASE("a task of more nodes than a pool has is told with both places") {
  CHECK(misuse({}, "{\n\"_NODE_COUNT_PER_POOL\": \"2\",\n\"_NUM_NODES_PER_TASK\": \"4\"}") ==
        "\"_NUM_NODES_PER_TASK\" 4 (p.json line 3) is more nodes for a task than a pool has: "
        "\"_NODE_COUNT_PER_POOL\" 2 (p.json line 2); lower the first or raise the second");
  CHECK(misuse({}, "{\"_NUM_NODES_PER_TASK\": \"4\"}") ==
        "\"_NUM_NODES_PER_TASK\" 4 (p.json line 1) is more nodes for a task than a pool has: "
        "\"_NODE_COUNT_PER_POOL\" 1 (default); lower the first or raise the second");
  CHECK(misuse({.nodes = 2, .nodes_per_task = 3}, "") ==
        "pool_options.nodes_per_task 3 is more nodes for a task than a pool has: "
        "pool_options.nodes 2; lower the first or raise the second");
  CHECK(resolve({.nodes = 4}, R"({"_NODE_COUNT_PER_POOL": 2, "_NUM_NODES_PER_TASK": 4})").nodes ==
        4);
}

TEST_CASE("tasks over several nodes need nodes that reach each other") {
  const std::string four = R"("_NODE_COUNT_PER_POOL": 4, "_NUM_NODES_PER_TASK": 4)";

  CHECK(resolve({}, "{" + four + "}").inter_node);
  CHECK(misuse({}, "{" + four + ",\n\"_INTER_NODE_CONNECTION\": \"0\"}") ==
        "\"_NUM_NODES_PER_TASK\" 4 (p.json line 1) needs nodes that reach each other, but they "
        "must not: \"_INTER_NODE_CONNECTION\" 0 (p.json line 2); set \"_INTER_NODE_CONNECTION\" to "
        "\"1\"");
}

TEST_CASE("more workers than a pool or an engine can have are refused") {
  CHECK(misuse({.nodes = 5000, .procs_per_node = 4}, "") ==
        "pool_options.nodes 5000 times pool_options.procs_per_node 4 is 20000 workers in a pool, "
        "more than 10000; lower one of them");
  CHECK(misuse({.pools = 3, .nodes = 5000}, "") ==
        "pool_options.pools 3 of 5000 workers are 15000, more than 10000 on engine \"local\"; "
        "lower pools, nodes or procs_per_node");
  CHECK(resolve({.pools = 3, .nodes = 5000}, "", azure).nodes == 5000);
  CHECK(misuse({.pools = 10'000, .nodes = 10'000}, "").find("100000000") != std::string::npos);
}

TEST_CASE("MPI is unsupported where the engine does not run it") {
  const refused r = refusal([] { resolve({}, "{\n\"_MPI_RUN\": \"1\"}"); });

  CHECK(r.kind == error_kind::unsupported);
  CHECK(
      r.text ==
      "\"_MPI_RUN\" 1 (p.json line 2) asks for MPI, which engine \"local\" does not run; set it to "
      "\"0\" or choose another engine");
  CHECK(resolve({}, R"({"_MPI_RUN": "1"})", azure).mpi);
}

TEST_CASE("a container is noted where the engine runs none") {
  const std::string json = R"({"_CONTAINER": "me/image"})";
  const config::settings s = resolve({}, json);

  REQUIRE(s.notes.size() == 1);
  CHECK(s.notes[0] ==
        "\"_CONTAINER\" me/image (p.json line 1) is without effect on engine \"local\": items run "
        "outside any container");
  CHECK(resolve({}, json, azure).notes.empty());
  CHECK(resolve({}, json, azure).container == "me/image");
  CHECK(resolve({}, R"({"_CONTAINER": "None"})").notes.empty());
}

TEST_CASE("the engine is the option's, the environment's, else local") {
  CHECK(config::choose_engine({}, {}, both).engine->name == "local");
  CHECK(config::choose_engine({}, {}, both).from == "default");
  CHECK(config::choose_engine({}, {.engine = "azure"}, both).engine->name == "azure");
  CHECK(config::choose_engine({}, {.engine = "azure"}, both).from == "CLUSTERLESS_ENGINE");
  const auto chosen = config::choose_engine({.engine = "local"}, {.engine = "azure"}, both);
  CHECK(chosen.engine->name == "local");
  CHECK(chosen.from == "pool_options.engine");
}

TEST_CASE("credentials choose azure where the build has it, and are noted where it has not") {
  const auto with = config::choose_engine({}, {.credentials = "c.json"}, both);
  CHECK(with.engine->name == "azure");
  CHECK(with.from == "default, as CREDENTIALS is set");
  CHECK(with.note.empty());

  const auto without = config::choose_engine({}, {.credentials = "c.json"}, only_local);
  CHECK(without.engine->name == "local");
  CHECK(without.note == "CREDENTIALS is set, but this build has no azure engine: running on local");

  const auto by_option = config::choose_engine({.credentials = "c.json"}, {}, only_local);
  CHECK(by_option.note.starts_with("pool_options.credentials is set"));
  CHECK(config::choose_engine({.engine = "local"}, {.credentials = "c"}, only_local).note.empty());
}

TEST_CASE("an engine that is none, or not of this build, is told with those that are") {
  const refused none = refusal([] { config::choose_engine({.engine = "Locla"}, {}, both); });
  CHECK(none.kind == error_kind::misuse);
  CHECK(
      none.text ==
      "pool_options.engine is \"Locla\", which is no engine; this build has \"local\", \"azure\"");

  const refused absent =
      refusal([] { config::choose_engine({}, {.engine = "slurm"}, only_local); });
  CHECK(absent.kind == error_kind::unsupported);
  CHECK(absent.text ==
        "CLUSTERLESS_ENGINE is \"slurm\", an engine that this build does not have; "
        "it has \"local\"");
}

TEST_CASE("the files of the options win over those of the environment, and all are checked") {
  const config::test_folder folder;
  const std::string two = folder.write("two.json", R"({"_POOL_COUNT": 2})");
  const std::string three = folder.write("three.json", R"({"_POOL_COUNT": 3})");
  const std::string script = folder.write("setup.sh", "true\n");

  CHECK(config::configure({}, {.parameters = two}, only_local).values.pools == 2);
  const auto c = config::configure({.startup_script = script, .parameters = three},
                                   {.parameters = two}, only_local);
  CHECK(c.values.pools == 3);
  CHECK(c.file.source == three);
  CHECK(c.cloud.source.empty());

  const refused bad_keys = refusal(
      [&] { config::configure({}, {.parameters = two, .credentials = three}, only_local); });
  CHECK(bad_keys.text == three +
                             " line 1: \"_POOL_COUNT\" is a key of parameters.json; is "
                             "CREDENTIALS the right file?");
  const refused no_script = refusal(
      [&] { config::configure({.startup_script = folder.path("absent.sh")}, {}, only_local); });
  CHECK(no_script.text.starts_with("cannot read the start-up script "));
}

TEST_CASE("the environment is read once into values") {
  ::setenv("PARAMETERS", "p.json", 1);
  ::setenv("CREDENTIALS", "", 1);
  ::unsetenv("CLUSTERLESS_ENGINE");
  const config::environment e = config::read_environment();
  ::unsetenv("PARAMETERS");
  ::unsetenv("CREDENTIALS");

  CHECK(e.parameters == "p.json");
  CHECK(e.credentials.empty());
  CHECK(e.engine.empty());
}

TEST_CASE("options of rented nodes are taken where there are some, and noted elsewhere") {
  const pool_options options = {.nodes = 4,
                                .spot_nodes = 3,
                                .tasks_per_node = 2,
                                .autoscale_formula = "$TargetDedicatedNodes = 1;",
                                .autoscale_interval = std::chrono::minutes(10),
                                .image_resource_id = "/subscriptions/1/images/mine"};
  const config::settings s = resolve(options, "", azure);
  CHECK(s.spot_nodes == 3);
  CHECK(s.tasks_per_node == 2);
  CHECK(s.autoscale_formula == "$TargetDedicatedNodes = 1;");
  CHECK(s.autoscale_interval == 10);
  CHECK(s.image_resource_id == "/subscriptions/1/images/mine");
  CHECK(s.explain("spot_nodes").from == "pool_options.spot_nodes");
  CHECK(s.notes.empty());

  const config::settings here = resolve(options, "");
  REQUIRE(here.notes.size() == 4);
  CHECK(here.notes[0] == "pool_options.spot_nodes is without effect on engine \"local\"");
}

TEST_CASE("options of rented nodes that cannot be met are told with their limits") {
  CHECK(misuse({.nodes = 2, .spot_nodes = 3}, "").find("more spot nodes") != std::string::npos);
  CHECK(misuse({.spot_nodes = -1}, "").find("from 0 to 10000") != std::string::npos);
  CHECK(misuse({.tasks_per_node = 257}, "").find("from 1 to 256") != std::string::npos);
  CHECK(misuse({.nodes = 2, .nodes_per_task = 2, .tasks_per_node = 2}, "")
            .find("tasks of one node") != std::string::npos);
  CHECK(misuse({.autoscale_formula = std::string(8193, ' ')}, "").find("8192") !=
        std::string::npos);
  CHECK(misuse({.autoscale_formula = "x", .autoscale_interval = std::chrono::minutes(4)}, "")
            .find("from 5 to 10080") != std::string::npos);
  CHECK(misuse({.autoscale_interval = std::chrono::minutes(5)}, "").find("set both or none") !=
        std::string::npos);
  CHECK(misuse({.image_resource_id = "mine"}, "").find("/subscriptions/") != std::string::npos);
}

TEST_CASE("a registry needs an image, a user and a password, which is shown nowhere") {
  const std::string image = R"({"_CONTAINER": "r.io/solver:1"})";
  const pool_options options = {.registry = {"r.io", "me", "very secret"}};
  const config::settings s = resolve(options, image, azure);
  CHECK(s.registry_server == "r.io");
  CHECK(s.registry_user == "me");
  REQUIRE(s.registry_password);
  CHECK(s.registry_password->reveal() == "very secret");
  for (const config::origin& each : s.origins)
    CHECK(each.value.find("very secret") == std::string::npos);

  CHECK(misuse(options, "").find("_CONTAINER") != std::string::npos);
  CHECK(misuse({.registry = {"r.io", "me", {}}}, image).find("user and password") !=
        std::string::npos);
  CHECK(!resolve({}, image, azure).registry_password);
}
