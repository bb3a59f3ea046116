// SPDX-License-Identifier: MIT
#include "config/parameters.hpp"

#include <fstream>
#include <iterator>

#include <doctest/doctest.h>
#include <clusterless/error.hpp>

#include "config/test_files.hpp"

namespace config = clusterless::config;

namespace {

std::string refusal(std::string_view text) {
  try {
    config::parse_parameters(text, "p.json");
  } catch (const clusterless::error& refused) {
    CHECK(refused.kind() == clusterless::error_kind::misuse);
    return refused.what();
  }
  return "accepted";
}

std::string value_refusal(const std::string& key, const std::string& value) {
  return refusal("{\n\"" + key + "\": " + value + "}");
}

std::string wrong(const std::string& key, const std::string& value, const std::string& allowed) {
  return "p.json line 2: \"" + key + "\" is " + value + ", but must be " + allowed;
}

std::string load_refusal(const std::string& path) {
  try {
    config::load_parameters(path);
  } catch (const clusterless::error& refused) {
    return refused.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("the notebook's file loads as it stands") {
  const std::string path = config::test_data("notebook_parameters.json");
  const config::parameters p = config::load_parameters(path);

  CHECK(p.source == path);
  CHECK(*p.pool_id == "BatchPoolDistributed");
  CHECK(*p.pool_count == 2);
  CHECK(*p.node_count_per_pool == 4);
  CHECK(p.node_count_per_pool.line == 4);
  CHECK(*p.pool_vm_size == "Standard_E4s_v3");
  CHECK(*p.job_id == "BatchJob");
  CHECK(*p.node_os_publisher == "Canonical");
  CHECK(*p.node_os_offer == "UbuntuServer");
  CHECK(*p.node_os_sku == "18.04");
  CHECK(*p.blob_container == "azureclusterlesstemp");
  CHECK(*p.inter_node_connection);
  CHECK(*p.num_retrys == 0);
  CHECK(!*p.mpi_run);
  CHECK((*p.container).empty());
  CHECK(*p.num_nodes_per_task == 4);
  CHECK(*p.num_procs_per_node == 1);
  CHECK(*p.omp_num_threads == 1);
  CHECK(*p.verbose);
  REQUIRE(p.notes.size() == 2);
  CHECK(p.notes[0] == path +
                          ": without effect, for Julia only: _JULIA_NUM_THREADS (line 19), "
                          "_JULIA_DEPOT_PATH (line 20), _PYTHONPATH (line 21)");
  CHECK(p.notes[1] ==
        path + ": without effect, output is kept per task: _STANDARD_OUT_FILE_NAME (line 7)");
}

TEST_CASE("the example's file is the notebook's") {
  const auto bytes = [](const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    REQUIRE(in.is_open());
    return std::string(std::istreambuf_iterator<char>(in), {});
  };

  CHECK(bytes(config::test_data("../../../examples/nested_hello/parameters.json")) ==
        bytes(config::test_data("notebook_parameters.json")));
}

TEST_CASE("an empty object sets nothing") {
  const config::parameters p = config::parse_parameters("{}", "p.json");

  CHECK(!p.pool_count);
  CHECK(!p.container);
  CHECK(p.notes.empty());
}

TEST_CASE("numbers may stand with or without quotes") {
  const config::parameters p = config::parse_parameters(
      R"({"_POOL_COUNT": 3, "_NODE_COUNT_PER_POOL": "010", "_VERBOSE": 0, "_NODE_OS_SKU": 18.04})",
      "p.json");

  CHECK(*p.pool_count == 3);
  CHECK(*p.node_count_per_pool == 10);
  CHECK(!*p.verbose);
  CHECK(*p.node_os_sku == "18.04");
}

TEST_CASE("a container is an image or the word None, and Blob containers are lower-cased") {
  const config::parameters p = config::parse_parameters(
      R"({"_CONTAINER": "me/image:v1.0", "_BLOB_CONTAINER": "MyTemp-1"})", "p.json");

  CHECK(*p.container == "me/image:v1.0");
  CHECK(*p.blob_container == "mytemp-1");
}

TEST_CASE("an unknown key is told with the known key nearest to it") {
  CHECK(refusal("{\n\n\"_POOL_CUONT\": \"2\"}") ==
        "p.json line 3: unknown key \"_POOL_CUONT\"; did you mean \"_POOL_COUNT\"?");
  CHECK(refusal("{\"pool_count\": 2}") ==
        "p.json line 1: unknown key \"pool_count\"; did you mean \"_POOL_COUNT\"?");
  CHECK(refusal("{\"_NUM_RETRIES\": 2}") ==
        "p.json line 1: unknown key \"_NUM_RETRIES\"; did you mean \"_NUM_RETRYS\"?");
  CHECK(refusal("{\"\\u0000\\n\": 2}")
            .starts_with(
                "p.json line 1: unknown key \"\\x00\\n\"; known are _POOL_ID, _POOL_COUNT, "));
}

TEST_CASE("keys of credentials.json tell that the files may be swapped") {
  CHECK(refusal("{\"_AD_TENANT\": \"t\"}") ==
        "p.json line 1: unknown key \"_AD_TENANT\"; it looks like one of credentials.json: is "
        "PARAMETERS the right file?");
}

TEST_CASE("the dead key of the model's documents names the living one") {
  CHECK(refusal("{\n\"_POOL_NODE_COUNT\": \"2\"}") ==
        "p.json line 2: \"_POOL_NODE_COUNT\" was never read by AzureClusterlessHPC.jl either; "
        "write \"_NODE_COUNT_PER_POOL\"");
}

TEST_CASE("a key that is set twice is told with both lines") {
  CHECK(refusal("{\n\"_POOL_COUNT\": \"2\",\n\"_VERBOSE\": \"1\",\n\"_POOL_COUNT\": \"2\"}") ==
        "p.json line 4: \"_POOL_COUNT\" is set already in line 2; keep one of them");
}

TEST_CASE("a wrong count is told with its value and the limits") {
  for (const std::string key : {"_POOL_COUNT", "_NODE_COUNT_PER_POOL", "_NUM_NODES_PER_TASK",
                                "_NUM_PROCS_PER_NODE", "_OMP_NUM_THREADS"}) {
    const std::string limits = "a whole number from 1 to 10000";
    for (const std::string value : {"0",
                                    "\"0\"",
                                    "-1",
                                    "\"-4\"",
                                    "10001",
                                    "\"99999999999999999999\"",
                                    "99999999999999999999",
                                    "\"two\"",
                                    "\"2x\"",
                                    "\" 2\"",
                                    "\"+2\"",
                                    "\"2.5\"",
                                    "2.5",
                                    "2.0",
                                    "2e1",
                                    "\"\"",
                                    "null",
                                    "true",
                                    "false",
                                    "\"0x10\""}) {
      CHECK(value_refusal(key, value) == wrong(key, value, limits));
    }
    CHECK(value_refusal(key, "[4]") == wrong(key, "an array", limits));
    CHECK(value_refusal(key, "{\"n\": 4}") == wrong(key, "an object", limits));
    CHECK(value_refusal(key, "\"10000\"") == "accepted");
  }
  CHECK(value_refusal("_NUM_RETRYS", "\"0\"") == "accepted");
  CHECK(value_refusal("_NUM_RETRYS", "-1") ==
        wrong("_NUM_RETRYS", "-1", "a whole number from 0 to 1000"));
}

TEST_CASE("a flag is 0 or 1") {
  for (const std::string key : {"_MPI_RUN", "_INTER_NODE_CONNECTION", "_VERBOSE"}) {
    for (const std::string value : {"\"2\"", "2", "\"true\"", "true", "\"\"", "null", "-1"}) {
      CHECK(value_refusal(key, value) == wrong(key, value, "\"0\" or \"1\""));
    }
    CHECK(value_refusal(key, "1") == "accepted");
    CHECK(value_refusal(key, "\"0\"") == "accepted");
  }
}

TEST_CASE("a wrong text is told with what is allowed") {
  const std::string id = "1 to 64 letters, digits, \"-\" and \"_\"";
  const std::string word = "a text without spaces, not empty";
  const std::string container = "3 to 63 letters, digits and single \"-\" between them";
  const std::string image = "the name of a container image, or \"None\"";

  CHECK(value_refusal("_POOL_ID", "\"\"") == wrong("_POOL_ID", "\"\"", id));
  CHECK(value_refusal("_POOL_ID", "\"a b\"") == wrong("_POOL_ID", "\"a b\"", id));
  CHECK(value_refusal("_JOB_ID", "null") == wrong("_JOB_ID", "null", id));
  CHECK(value_refusal("_JOB_ID", "\"" + std::string(65, 'j') + "\"") ==
        wrong("_JOB_ID", "\"" + std::string(60, 'j') + "\"…", id));
  CHECK(value_refusal("_POOL_VM_SIZE", "\" \"") == wrong("_POOL_VM_SIZE", "\" \"", word));
  CHECK(value_refusal("_NODE_OS_SKU", "\"\\n\"") == wrong("_NODE_OS_SKU", "\"\\n\"", word));
  CHECK(value_refusal("_CONTAINER", "\"\"") == wrong("_CONTAINER", "\"\"", image));
  CHECK(value_refusal("_CONTAINER", "null") == wrong("_CONTAINER", "null", image));
  for (const std::string value : {"\"ab\"", "\"a_b\"", "\"-abc\"", "\"abc-\"", "\"a--b\""}) {
    CHECK(value_refusal("_BLOB_CONTAINER", value) == wrong("_BLOB_CONTAINER", value, container));
  }
  CHECK(value_refusal("_PYTHONPATH", "[]") ==
        wrong("_PYTHONPATH", "an array", "a text or a number"));
  CHECK(value_refusal("_JULIA_NUM_THREADS", "\"auto\"") == "accepted");
}

TEST_CASE("all problems of a file are told at once, in the order of its lines") {
  CHECK(refusal("{\"_POOL_COUNT\": \"0\",\n\"_POLL_ID\": \"x\",\n\"_VERBOSE\": \"yes\"}") ==
        "p.json line 1: \"_POOL_COUNT\" is \"0\", but must be a whole number from 1 to 10000\n"
        "p.json line 2: unknown key \"_POLL_ID\"; did you mean \"_POOL_ID\"?\n"
        "p.json line 3: \"_VERBOSE\" is \"yes\", but must be \"0\" or \"1\"");
}

TEST_CASE("text that is not JSON is told with line and column") {
  CHECK(refusal("{\n  \"_POOL_COUNT\": \"2\",\n}") ==
        "p.json line 3 column 1: this is not JSON: found \"}\" instead of a key in double quotes; "
        "remove the comma before it");
  CHECK(refusal("_POOL_COUNT=2") ==
        "p.json line 1 column 1: this is not JSON: found \"_POOL_COUNT\" instead of \"{\"");
  CHECK(refusal("") ==
        "p.json line 1 column 1: this is not JSON: the file is empty; write at least "
        "{\"_POOL_COUNT\": \"1\"}");
}

TEST_CASE("a parameters file that cannot be read is told with its path") {
  const config::test_folder folder;
  const std::string absent = folder.path("parameters.json");
  const std::string large = folder.write("large.json", std::string((1U << 20) + 1, ' '));
  const std::string cure = "; correct the path in PARAMETERS or pool_options.parameters";

  CHECK(load_refusal(absent) ==
        "cannot read the parameters file \"" + absent + "\": No such file or directory" + cure);
  CHECK(load_refusal(folder.path("")) ==
        "cannot read the parameters file \"" + folder.path("") + "\": it is a directory" + cure);
  CHECK(load_refusal(large) ==
        "cannot read the parameters file \"" + large + "\": it is larger than 1024 KiB" + cure);
}

TEST_CASE("every key of the model is known and documented") {
  std::ifstream guide(config::test_data("../../../docs/guide/parameters.md"));
  const std::string text(std::istreambuf_iterator<char>(guide), {});

  CHECK(config::parameter_keys().size() == 21);
  for (const std::string_view key : config::parameter_keys()) {
    CHECK_MESSAGE(text.find("| `" + std::string(key) + "` |") != std::string::npos, key);
  }
}
