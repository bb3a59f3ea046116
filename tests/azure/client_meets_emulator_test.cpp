// SPDX-License-Identifier: MIT
// The client of src/azure drives the emulator of src/emulator, through loopback: pools, jobs, a
// thousand tasks, a task over four nodes, paging, files, errors and faults.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "azure/batch.hpp"
#include "azure/shared_key.hpp"
#include "support/scratch_directory.hpp"
#include "support/server_process.hpp"

using namespace clusterless;
using namespace clusterless::azure;

namespace {

/// An emulator of its own, and a client with the account's key.
struct account {
  tests::scratch_directory folder = {};
  tests::server_process emulator;
  nlohmann::json told;
  std::unique_ptr<transport> over = make_curl_transport();
  loop on{*over, machine_clock()};
  shared_key_signer by;
  exchange calls{on, by};
  batch::client batch;

  explicit account(const std::vector<std::string>& more = {})
      : emulator(command(more), folder.path()),
        told(read_environment()),
        by(service::batch, told.at("AZURE_BATCH_ACCOUNT"),
           core::secret(told.at("AZURE_BATCH_ACCESS_KEY").get<std::string>())),
        batch(calls, told.at("AZURE_BATCH_ENDPOINT")) {}

  static std::vector<std::string> command(const std::vector<std::string>& more) {
    std::vector<std::string> all{CLUSTERLESS_TOOL, "emulator", "--json"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  nlohmann::json read_environment() {
    REQUIRE_MESSAGE(emulator.says("\n}\n"), emulator.said());
    const std::string& said = emulator.said();
    return nlohmann::json::parse(said.substr(said.find('{'))).at("environment");
  }

  template <class T, class Start>
  result<T> ask(Start start) {
    return wait_for<T>(on, start);
  }
  template <class T, class Start>
  T get(Start start) {
    auto got = ask<T>(start);
    REQUIRE_MESSAGE(got, (got ? "" : got.error().text()));
    return std::move(got.value());
  }
  void make_pool(const std::string& id, int nodes, bool inter_node = false) {
    batch::pool_spec pool;
    pool.id = id;
    pool.vm_size = "Standard_D2s_v3";
    const auto images =
        get<batch::page<batch::image_support>>([&](auto then) { batch.list_images({}, then); });
    const auto fits = std::find_if(images.items.begin(), images.items.end(), [](const auto& each) {
      return each.verified && each.os == "linux";
    });
    REQUIRE(fits != images.items.end());
    pool.image = fits->image;
    pool.node_agent = fits->node_agent;
    pool.dedicated_nodes = nodes;
    pool.inter_node = inter_node;
    pool.slots_per_node = 1;
    CHECK(get<bool>([&](auto then) { batch.add_pool(pool, then); }));
  }
  void make_job(const std::string& id, const std::string& pool) {
    batch::job_spec job;
    job.id = id;
    job.pool_id = pool;
    CHECK(get<bool>([&](auto then) { batch.add_job(job, then); }));
  }
  std::vector<batch::add_result> add(const std::string& job,
                                     const std::vector<batch::task_spec>& tasks) {
    return get<std::vector<batch::add_result>>(
        [&](auto then) { batch.add_tasks(job, tasks, {}, then); });
  }
  std::vector<batch::task_info> completed(const std::string& job) {
    batch::list_options which;
    which.filter = "state eq 'completed'";
    return get<std::vector<batch::task_info>>([&](auto then) {
      batch::all_pages<batch::task_info>(
          [this, job](const auto& options, auto next) { batch.list_tasks(job, options, next); },
          which, then);
    });
  }
  /// Asks until all tasks are over; each question waits for the answer to the one before.
  std::vector<batch::task_info> wait_for_tasks(const std::string& job, std::size_t n) {
    for (;;)
      if (auto done = completed(job); done.size() >= n) return done;
  }
  std::string file(const std::string& job, const std::string& task, const std::string& name) {
    const auto got = get<std::optional<batch::file_content>>(
        [&](auto then) { batch.get_task_file(job, task, name, 0, 0, then); });
    return got ? got->body : "(none)";
  }
  void fault(const std::string& rule) {
    const auto key = told.at("AZURE_BATCH_ACCESS_KEY").get<std::string>();
    request what;
    what.method = "POST";
    what.url = told.at("AZURE_BATCH_ENDPOINT").get<std::string>() + "/_clusterless/faults";
    what.headers = {{"Authorization", "Key " + key}, {"Content-Type", "application/json"}};
    what.body = rule;
    no_signer open;
    exchange direct(on, open);
    call asked;
    asked.what = "set a fault";
    asked.request = std::move(what);
    get<response>([&](auto then) { direct.send(std::move(asked), then); });
  }
};

batch::task_spec shell_task(const std::string& id, const std::string& text) {
  batch::task_spec task;
  task.id = id;
  task.command_line = "/bin/sh -c '" + text + "'";
  return task;
}

}  // namespace

TEST_CASE("five hundred tasks are added in few calls, run, and tell their results page by page") {
  account at;
  at.make_pool("p", 4);
  at.make_job("j", "p");
  std::vector<batch::task_spec> tasks;
  for (int i = 0; i < 500; ++i)
    tasks.push_back(shell_task("t" + std::to_string(i), i % 100 == 7 ? "exit 3" : "exit 0"));

  for (const auto& each : at.add("j", tasks))
    CHECK_MESSAGE(!each.error, (each.error ? each.error->text() : ""));
  const auto done = at.wait_for_tasks("j", tasks.size());

  CHECK(done.size() == 500);
  std::set<std::string> failed;
  for (const auto& each : done) {
    CHECK(each.state == batch::task_state::completed);
    if (each.result == batch::task_result::failure) {
      failed.insert(each.id);
      CHECK(each.exit_code == 3);
      REQUIRE(each.failure);
      CHECK(each.failure->users);
    }
  }
  CHECK(failed == std::set<std::string>{"t7", "t107", "t207", "t307", "t407"});
  const auto counts =
      at.get<batch::task_counts>([&](auto then) { at.batch.count_tasks("j", then); });
  CHECK(counts.succeeded == 495);
  CHECK(counts.failed == 5);
}

TEST_CASE("tasks that are there already count as added") {
  account at;
  at.make_pool("p", 1);
  at.make_job("j", "p");
  const std::vector<batch::task_spec> tasks{shell_task("a", "exit 0"), shell_task("b", "exit 0")};
  at.add("j", {tasks.front()});

  for (const auto& each : at.add("j", tasks))
    CHECK_FALSE(each.error);

  CHECK(at.wait_for_tasks("j", 2).size() == 2);
}

TEST_CASE("a task over four nodes has them all, and its output is read in parts") {
  account at;
  at.make_pool("p", 4, true);
  at.make_job("j", "p");
  auto task = shell_task("wide", "echo primary $AZ_BATCH_HOST_LIST");
  task.instances.emplace();
  task.instances->instances = 4;
  task.instances->coordination_command =
      "/bin/sh -c 'echo coordinated on $AZ_BATCH_IS_CURRENT_NODE_MASTER'";
  for (const auto& each : at.add("j", {task}))
    CHECK_MESSAGE(!each.error, (each.error ? each.error->text() : ""));

  const auto done = at.wait_for_tasks("j", 1);

  REQUIRE(done.size() == 1);
  CHECK(done.front().result == batch::task_result::success);
  const std::string out = at.file("j", "wide", "stdout.txt");
  CHECK(out.find("primary 127.0.1.") != std::string::npos);
  CHECK(std::count(out.begin(), out.end(), ',') >= 3);
  const auto subtasks = at.get<batch::page<batch::subtask_info>>(
      [&](auto then) { at.batch.list_subtasks("j", "wide", then); });
  CHECK(subtasks.items.size() == 3);
  const auto part = at.get<std::optional<batch::file_content>>(
      [&](auto then) { at.batch.get_task_file("j", "wide", "stdout.txt", 0, 7, then); });
  REQUIRE(part);
  CHECK(part->body == out.substr(0, 7));
  CHECK(at.file("j", "wide", "nowhere.txt") == "(none)");
}

TEST_CASE("what is not there, is there already or is refused, is told apart") {
  account at;
  at.make_pool("p", 1);
  CHECK_FALSE(
      at.get<std::optional<batch::job_info>>([&](auto then) { at.batch.get_job("nobody", then); }));
  batch::job_spec job;
  job.id = "j";
  job.pool_id = "p";
  CHECK(at.get<bool>([&](auto then) { at.batch.add_job(job, then); }));
  CHECK_FALSE(at.get<bool>([&](auto then) { at.batch.add_job(job, then); }));
  batch::pool_spec odd;
  odd.id = "odd name!";
  odd.vm_size = "Standard_D2s_v3";
  odd.image = {"canonical", "ubuntu-24_04-lts", "server", "", ""};
  odd.node_agent = "batch.node.ubuntu 24.04";
  const auto refused = at.ask<bool>([&](auto then) { at.batch.add_pool(odd, then); });
  REQUIRE_FALSE(refused);
  CHECK(refused.error().status == 400);
  CHECK(at.get<bool>([&](auto then) { at.batch.delete_job("j", then); }));
  CHECK(at.get<bool>([&](auto then) { at.batch.delete_pool("p", then); }));
}

TEST_CASE("lost requests, lost answers and a busy service lose and double no task") {
  account at;
  at.make_pool("p", 2);
  at.make_job("j", "p");
  for (const char* rule :
       {R"({"match": {"path": "addtaskcollection"}, "times": 1, "reset": "before"})",
        R"({"match": {"path": "addtaskcollection"}, "skip": 1, "times": 1, "reset": "after"})",
        R"({"match": {"path": "addtaskcollection"}, "skip": 2, "times": 1, "status": 503})",
        R"({"match": {"method": "GET", "path": "/jobs/j/tasks"}, "times": 1, "truncate": 50})"})
    at.fault(rule);
  std::vector<batch::task_spec> tasks;
  for (int i = 0; i < 300; ++i)
    tasks.push_back(shell_task("t" + std::to_string(i), "exit 0"));

  for (const auto& each : at.add("j", tasks))
    CHECK_MESSAGE(!each.error, (each.error ? each.error->text() : ""));
  const auto done = at.wait_for_tasks("j", tasks.size());

  std::set<std::string> ids;
  for (const auto& each : done)
    ids.insert(each.id);
  CHECK(done.size() == 300);
  CHECK(ids.size() == 300);
}

TEST_CASE("a wrong key is refused as such") {
  account at;
  shared_key_signer wrong(service::batch, at.told.at("AZURE_BATCH_ACCOUNT"),
                          core::secret("d3Jvbmc="));
  exchange calls(at.on, wrong);
  batch::client stranger(calls, at.told.at("AZURE_BATCH_ENDPOINT"));

  const auto refused = wait_for<batch::page<batch::pool_info>>(
      at.on, [&](auto then) { stranger.list_pools({}, then); });

  REQUIRE_FALSE(refused);
  CHECK(refused.error().status == 403);
  CHECK(refused.error().code == "AuthenticationFailed");
}
