// SPDX-License-Identifier: MIT
// Every request of the client, against the published schema.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "azure/batch.hpp"
#include "azure/shared_key.hpp"
#include "support/batch_schema.hpp"
#include "support/data_file.hpp"
#include "support/fake_http.hpp"

using namespace clusterless;
using namespace clusterless::azure;
using namespace clusterless::azure::batch;
using nlohmann::json;

namespace {

struct scripted {
  explicit scripted(const char* version = default_api_version)
      : of(calls, "https://acct.region.batch.azure.com", version) {
    http.answer_with([this](const request& what) {
      CHECK(tests::schema_problem(what) == "");
      seen.insert(tests::operation_of(what));
      response out;
      out.status = 200;
      out.body = R"({"value":[]})";
      return out;
    });
  }
  template <class T, class Start>
  result<T> get(Start start) {
    return wait_for<T>(on, start);
  }
  json body() const { return json::parse(http.seen.back().body); }

  tests::manual_clock clock;
  tests::fake_http http{clock};
  loop on{http, clock};
  no_signer nobody;
  exchange calls{on, nobody};
  client of;
  std::set<std::string> seen;
};

resource_file program() {
  return {.http_url = "https://s/c/program?sig=x", .file_path = "program", .file_mode = "0755"};
}

pool_spec full_pool() {
  pool_spec out;
  out.id = "p1";
  out.display_name = "pool one";
  out.vm_size = "Standard_E2s_v3";
  out.image = {.publisher = "debian", .offer = "debian-12", .sku = "12", .version = "latest"};
  out.node_agent = "batch.node.debian 12";
  out.container_images = {"alpine"};
  const auto password = std::make_shared<core::secret>(std::string("hush"));
  out.registries = {{.server = "r.io", .user = "u", .password = password}};
  out.dedicated_nodes = 1;
  out.spot_nodes = 3;
  out.resize_timeout_s = 900;
  out.inter_node = true;
  out.slots_per_node = 1;
  out.simplified_network = true;
  out.start = start_task{.command_line = "/bin/sh start.sh",
                         .resource_files = {program()},
                         .environment = {{"A", "1"}}};
  out.metadata = {{"made-by", "clusterless"}};
  return out;
}

job_spec full_job() {
  job_spec out;
  out.id = "j1";
  out.pool_id = "p1";
  out.priority = -5;
  out.max_parallel_tasks = 10;
  out.max_seconds = 3600;
  out.max_task_retries = 0;
  out.preparation = job_task{.command_line = "/bin/true",
                             .resource_files = {program()},
                             .environment = {{"B", "2"}},
                             .as = user::pool_admin,
                             .limits = {.max_seconds = 60, .max_retries = 1}};
  out.release = job_task{.command_line = "/bin/true", .limits = {.max_seconds = 60}};
  out.environment = {{"C", "3"}};
  out.uses_dependencies = true;
  out.metadata = {{"run", "r1"}};
  return out;
}

task_spec full_task(const std::string& id) {
  task_spec out;
  out.id = id;
  out.command_line = "./program";
  out.resource_files = {
      {.container_url = "https://s/c?sig=x", .blob_prefix = "in/", .file_path = "in"}};
  out.output_files = {{.pattern = "../std*.txt",
                       .container_url = "https://s/c?sig=x",
                       .path = "out",
                       .when = upload_when::task_completion}};
  out.environment = {{"D", "4"}};
  out.limits = {.max_seconds = 600, .retention_s = 86400, .max_retries = 0};
  out.instances = multi_instance{
      .instances = 4, .coordination_command = "/bin/true", .common_files = {program()}};
  out.after = {"t0"};
  out.after_ranges = {{1, 3}};
  out.container = container_settings{.image = "alpine", .run_options = "--rm"};
  return out;
}

}  // namespace

TEST_CASE("requests about pools and nodes keep the schema") {
  scripted to;
  const auto done_of = [&](auto start) { return to.get<done>(start); };
  const resize larger = {
      .dedicated = 2, .spot = 0, .timeout_s = 600, .how = deallocation::task_completion};
  pool_patch patch;
  patch.start = start_task{.command_line = "/bin/true"};
  patch.metadata = name_values{{"a", "b"}};

  to.get<bool>([&](auto then) { to.of.add_pool(full_pool(), then); });
  CHECK(to.body()["targetNodeCommunicationMode"] == "simplified");
  to.get<std::optional<pool_info>>([&](auto then) { to.of.get_pool("p1", then); });
  done_of([&](auto then) { to.of.patch_pool("p1", patch, "0x8DB", then); });
  CHECK(*to.http.seen.back().find("if-match") == "0x8DB");
  done_of([&](auto then) { to.of.resize_pool("p1", larger, then); });
  done_of([&](auto then) { to.of.stop_resize("p1", then); });
  done_of([&](auto then) { to.of.remove_nodes("p1", {"n1"}, deallocation::requeue, then); });
  done_of([&](auto then) { to.of.enable_autoscale("p1", "$TargetDedicated=0;", 300, then); });
  done_of([&](auto then) { to.of.disable_autoscale("p1", then); });
  to.get<formula_run>([&](auto then) { to.of.evaluate_autoscale("p1", "$a=1;", then); });
  to.get<page<pool_info>>([&](auto then) {
    to.of.list_pools({.filter = "startswith(id,'c')", .select = "id,state", .max_results = 1000},
                     then);
  });
  to.get<page<node_counts>>(
      [&](auto then) { to.of.count_nodes({.filter = "poolId eq 'p1'", .max_results = 10}, then); });
  to.get<page<image_support>>(
      [&](auto then) { to.of.list_images({.filter = "verificationType eq 'verified'"}, then); });
  to.get<page<node_info>>([&](auto then) { to.of.list_nodes("p1", {.max_results = 5}, then); });
  to.get<std::optional<node_info>>([&](auto then) { to.of.get_node("p1", "tvmps_1_d", then); });
  to.get<login_address>([&](auto then) { to.of.get_login_address("p1", "n", then); });
  to.get<page<file_info>>(
      [&](auto then) { to.of.list_node_files("p1", "n", {.recursive = true}, then); });
  to.get<std::optional<file_content>>(
      [&](auto then) { to.of.get_node_file("p1", "n", "startup/stdout.txt", 0, 100, then); });
  CHECK(to.http.seen.back().url.find("/files/startup%2Fstdout.txt?") != std::string::npos);
  CHECK(*to.http.seen.back().find("ocp-range") == "bytes=0-99");
  to.get<bool>([&](auto then) { to.of.delete_pool("p1", then); });
  CHECK(to.seen.size() == 18);
}

TEST_CASE("requests about jobs and tasks keep the schema") {
  scripted to;
  const auto done_of = [&](auto start) { return to.get<done>(start); };
  const auto bool_of = [&](auto start) { return to.get<bool>(start); };
  job_patch patch;
  patch.terminate_when_done = true;
  patch.max_seconds = 60;

  bool_of([&](auto then) { to.of.add_job(full_job(), then); });
  CHECK(to.body()["onAllTasksComplete"] == "noaction");
  to.get<std::optional<job_info>>([&](auto then) { to.of.get_job("j1", then); });
  done_of([&](auto then) { to.of.patch_job("j1", patch, {}, then); });
  CHECK(to.body() == json::parse(R"({"onAllTasksComplete":"terminatejob",
                                     "constraints":{"maxWallClockTime":"PT1M"}})"));
  done_of([&](auto then) { to.of.terminate_job("j1", "cancelled", then); });
  done_of([&](auto then) { to.of.disable_job("j1", requeue::wait, then); });
  done_of([&](auto then) { to.of.enable_job("j1", then); });
  to.get<page<job_info>>([&](auto then) { to.of.list_jobs({.select = "id"}, then); });
  to.get<task_counts>([&](auto then) { to.of.count_tasks("j1", then); });
  to.get<page<node_preparation>>([&](auto then) { to.of.list_preparations("j1", {}, then); });

  to.get<std::optional<task_info>>([&](auto then) { to.of.get_task("j1", "t1", then); });
  to.get<page<task_info>>([&](auto then) {
    to.of.list_tasks("j1", {.filter = "state eq 'completed'", .select = "id,executionInfo"}, then);
  });
  bool_of([&](auto then) { to.of.terminate_task("j1", "t1", then); });
  bool_of([&](auto then) { to.of.reactivate_task("j1", "t1", then); });
  to.get<page<subtask_info>>([&](auto then) { to.of.list_subtasks("j1", "t1", then); });
  to.get<page<file_info>>([&](auto then) { to.of.list_task_files("j1", "t1", {}, then); });
  to.get<std::optional<file_content>>(
      [&](auto then) { to.of.get_task_file("j1", "t1", "wd/a b.txt", 10, 0, then); });
  CHECK(*to.http.seen.back().find("ocp-range") == "bytes=10-");
  bool_of([&](auto then) { to.of.delete_task("j1", "t1", then); });
  bool_of([&](auto then) { to.of.delete_job("j1", then); });
  to.http.answer_with([](const request& what) {
    CHECK(tests::schema_problem(what) == "");
    CHECK(tests::operation_of(what) == "task.addCollection");
    response out;
    out.status = 200;
    out.body = R"({"value":[{"status":"Success","taskId":"t1"}]})";
    return out;
  });
  to.get<std::vector<add_result>>(
      [&](auto then) { to.of.add_tasks("j1", {full_task("t1")}, {}, then); });
  CHECK(to.seen.size() == 18);
  CHECK(to.seen.count("") == 0);
}

TEST_CASE("the client has a call for every operation of the schema") {
  const json schema = json::parse(tests::data_file("batch_schema.json"));
  CHECK(schema["operations"].size() == 18 + 18 + 1);
}

TEST_CASE("a pool scales by a formula or by numbers, and new versions are told no dropped field") {
  scripted to("2025-06-01");
  pool_spec scaling = full_pool();
  scaling.formula = "$TargetDedicatedNodes=0;";
  scaling.formula_interval_s = 300;
  to.get<bool>([&](auto then) { to.of.add_pool(scaling, then); });
  const json sent = to.body();
  CHECK(sent["enableAutoScale"] == true);
  CHECK(sent["autoScaleEvaluationInterval"] == "PT5M");
  CHECK(!sent.contains("targetDedicatedNodes"));
  CHECK(!sent.contains("resizeTimeout"));
  CHECK(!sent.contains("targetNodeCommunicationMode"));
  CHECK(to.http.seen.back().url.ends_with("/pools?api-version=2025-06-01"));
}
