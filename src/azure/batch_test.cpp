// SPDX-License-Identifier: MIT
// What the client makes of answers, as the real service gives them.
#include "azure/batch.hpp"

#include <doctest/doctest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "azure/shared_key.hpp"
#include "support/fake_http.hpp"

using namespace clusterless;
using namespace clusterless::azure;
using namespace clusterless::azure::batch;
using nlohmann::json;

namespace {

struct scripted {
  tests::manual_clock clock;
  tests::fake_http http{clock};
  loop on{http, clock};
  no_signer nobody;
  exchange calls{on, nobody, {.seed = 1}};
  client of{calls, "https://acct.region.batch.azure.com/"};

  template <class T, class Start>
  result<T> get(Start start) {
    return wait_for<T>(on, start);
  }
};

std::string error_body(const std::string& code, const std::string& message) {
  return json{{"code", code}, {"message", {{"lang", "en-US"}, {"value", message}}}}.dump();
}

std::vector<task_spec> tasks(std::size_t n, std::size_t bytes = 0) {
  std::vector<task_spec> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    out[i].id = "t" + std::to_string(i);
    out[i].command_line = "./run " + std::string(bytes, 'x');
  }
  return out;
}

/// A service that adds what it is given, but what `refuse` says otherwise of a task.
struct collection_service {
  std::map<std::string, int> offered = {};
  std::vector<std::size_t> sizes = {};
  std::size_t most = 100;
  std::function<std::string(const std::string& id, int offer)> says = [](auto&, int) {
    return std::string();
  };

  response operator()(const request& what) {
    response out;
    const json sent = json::parse(what.body)["value"];
    sizes.push_back(sent.size());
    if (sent.size() > most) {
      out.status = 413;
      out.body = error_body("RequestBodyTooLarge", "The body is too large.");
      return out;
    }
    json answer = json::array();
    for (const json& one : sent) {
      const std::string id = one["id"];
      const std::string said = says(id, ++offered[id]);
      json told = {{"taskId", id}, {"status", said.empty() ? "Success" : said}};
      if (said == "servererror") told["error"] = {{"code", "ServerBusy"}};
      if (said == "TaskExists" || said == "InvalidPropertyValue") {
        told["status"] = "clienterror";
        told["error"] = {{"code", said}, {"message", {{"value", "Said so.\nRequestId:1"}}}};
      }
      answer.insert(answer.begin(), told);  // in an order of its own
    }
    out.status = 200;
    out.body = json{{"value", answer}}.dump();
    return out;
  }
};

}  // namespace

TEST_CASE("a pool is read as the service writes it, whatever the case of its words") {
  scripted to;
  to.http.then(200, R"({"id":"p1","eTag":"0x8DB24CB6020EA0C","state":"Active",
    "allocationState":"resizing","creationTime":"2022-09-06T23:47:58.4177348Z","vmSize":"s",
    "virtualMachineConfiguration":{"imageReference":{"publisher":"debian","sku":"12"},
      "nodeAgentSKUId":"batch.node.debian 12","containerConfiguration":{
        "type":"dockerCompatible","containerRegistries":[
          {"registryServer":"r.azurecr.io","username":"me"}]}},
    "resizeErrors":[{"code":"AccountCoreQuotaReached","message":"No cores.",
      "values":[{"name":"Limit","value":"20"}]}],
    "currentDedicatedNodes":1,"targetDedicatedNodes":4,"enableAutoScale":true,
    "autoScaleEvaluationInterval":"PT5M",
    "autoScaleRun":{"results":"$a=1","error":{"code":"X","message":"bad formula"}},
    "taskSlotsPerNode":2,"metadata":[{"name":"a","value":"b"}],"unheardOf":{"x":1}})");
  const auto got = to.get<std::optional<pool_info>>([&](auto then) { to.of.get_pool("p1", then); });
  REQUIRE(got.value());
  const pool_info& pool = *got.value();
  CHECK(pool.etag == "0x8DB24CB6020EA0C");
  CHECK(pool.state == pool_state::active);
  CHECK(pool.allocation == allocation_state::resizing);
  CHECK(pool.created_ms == 1662508078417);
  CHECK(pool.node_agent == "batch.node.debian 12");
  CHECK(pool.resize_errors.at(0).code == "AccountCoreQuotaReached");
  CHECK(pool.resize_errors.at(0).values.at(0).second == "20");
  CHECK(pool.dedicated_target == 4);
  CHECK(pool.autoscale_error->message == "bad formula");
  CHECK(pool.slots_per_node == 2);
  CHECK(pool.formula_interval == "PT5M");
  CHECK(pool.containers);
  CHECK(pool.registries.at(0).server == "r.azurecr.io");
  CHECK(pool.registries.at(0).user == "me");
}

TEST_CASE("a task is read with its result, its failure and the service's own requeues") {
  scripted to;
  to.http.then(200, R"({"id":"t","state":"completed","executionInfo":{"result":"Failure",
    "exitCode":null,"retryCount":1,"requeueCount":2,"endTime":"2024-01-01T00:00:01Z",
    "failureInfo":{"category":"UserError","code":"FailureExitCode","message":"It failed.",
      "details":[{"name":"Url","value":"https://a?sig=abc"}]}},
    "nodeInfo":{"nodeId":"tvmps_1_p","poolId":"p"}})");
  const auto got =
      to.get<std::optional<task_info>>([&](auto then) { to.of.get_task("j", "t", then); });
  const task_info& task = *got.value();
  CHECK(task.state == task_state::completed);
  CHECK(task.result == task_result::failure);
  CHECK(!task.exit_code);
  CHECK(task.failure->users);
  CHECK(task.failure->what.code == "FailureExitCode");
  CHECK(task.failure->what.values.at(0).second == "https://a?sig=***");
  CHECK(task.requeues == 2);
  CHECK(task.node == "tvmps_1_p");
}

TEST_CASE("what is not there or there already is a value, a refusal is an error") {
  scripted to;
  to.http.then(404, error_body("JobNotFound", "The specified job does not exist."));
  CHECK(!to.get<std::optional<job_info>>([&](auto then) { to.of.get_job("j", then); }).value());
  to.http.then(409, error_body("PoolExists", "There is one."));
  CHECK(!to.get<bool>([&](auto then) { to.of.add_pool({.id = "p"}, then); }).value());
  to.http.then(404, error_body("PoolNotFound", "None."));
  CHECK(!to.get<bool>([&](auto then) { to.of.delete_pool("p", then); }).value());
  to.http.then(400, error_body("InvalidPropertyValue", "vmSize is wrong.\nRequestId:7\nTime:x"));
  const auto got = to.get<bool>([&](auto then) { to.of.add_pool({.id = "p"}, then); });
  REQUIRE(!got);
  CHECK(got.error().text() ==
        "cannot create pool p: vmSize is wrong. (InvalidPropertyValue, HTTP 400, request 7)");
  to.http.then(200, "<html>");
  CHECK(to.get<std::optional<job_info>>([&](auto then) { to.of.get_job("j", then); })
            .error()
            .is("UnreadableAnswer"));
}

TEST_CASE("lists go on by the service's own link, but not to another host") {
  scripted to;
  const std::string next = "https://acct.region.batch.azure.com/jobs/j/tasks?api-version=1&$skip=2";
  to.http.then(200, json{{"value", {{{"id", "a"}}}}, {"odata.nextLink", next}}.dump());
  to.http.then(200, R"({"value":[{"id":"b"}]})");
  const auto all = to.get<std::vector<task_info>>([&](auto then) {
    all_pages<task_info>(
        [&](const list_options& which, auto each) { to.of.list_tasks("j", which, each); },
        {.filter = "state eq 'completed'"}, then);
  });
  CHECK(all->size() == 2);
  CHECK(to.http.seen.at(0).url.ends_with("&$filter=state%20eq%20%27completed%27"));
  CHECK(to.http.seen.at(1).url == next);

  const auto elsewhere = to.get<page<task_info>>(
      [&](auto then) { to.of.list_tasks("j", {.next = "https://evil/jobs"}, then); });
  CHECK(!elsewhere);
  CHECK(to.http.seen.size() == 2);
}

TEST_CASE("a thousand tasks are added by ten calls") {
  scripted to;
  collection_service service;
  to.http.answer_with(std::ref(service));
  const auto got = to.get<std::vector<add_result>>(
      [&](auto then) { to.of.add_tasks("j", tasks(1000), {}, then); });
  REQUIRE(got->size() == 1000);
  CHECK(service.sizes.size() == 10);
  for (std::size_t i = 0; i < 1000; ++i) {
    CHECK(got.value()[i].id == "t" + std::to_string(i));
    CHECK(!got.value()[i].error);
  }
}

TEST_CASE("large tasks go in calls below the limit, and too large calls are halved") {
  scripted to;
  collection_service service;
  to.http.answer_with(std::ref(service));
  to.get<std::vector<add_result>>(
      [&](auto then) { to.of.add_tasks("j", tasks(20, 100'000), {}, then); });
  for (const request& one : to.http.seen)
    CHECK(one.body.size() <= 1'000'000);
  CHECK(service.sizes.size() == 3);

  scripted small;
  collection_service picky;
  picky.most = 10;
  small.http.answer_with(std::ref(picky));
  const auto got = small.get<std::vector<add_result>>(
      [&](auto then) { small.of.add_tasks("j", tasks(100), {.parallel = 1}, then); });
  CHECK(picky.offered.size() == 100);
  for (const auto& [id, offers] : picky.offered)
    CHECK(offers == 1);
  CHECK(picky.sizes[0] == 100);
  CHECK(picky.sizes[1] == 50);
  CHECK(picky.sizes.back() <= 10);
  CHECK(!got.value()[99].error);
}

TEST_CASE("each task of a collection has its own fate") {
  scripted to;
  collection_service service;
  service.says = [](const std::string& id, int offer) -> std::string {
    if (id == "t1") return "TaskExists";
    if (id == "t2") return "InvalidPropertyValue";
    if (id == "t3") return offer < 3 ? "servererror" : "";
    if (id == "t4") return "servererror";
    return {};
  };
  to.http.answer_with(std::ref(service));
  const auto got =
      to.get<std::vector<add_result>>([&](auto then) { to.of.add_tasks("j", tasks(5), {}, then); });
  const auto& of = got.value();
  CHECK(!of[0].error);
  CHECK(!of[1].error);
  REQUIRE(of[2].error);
  CHECK(of[2].error->text() ==
        "cannot add task t2 to job j: Said so. (InvalidPropertyValue, HTTP 400)");
  CHECK(!of[3].error);
  CHECK(service.offered["t3"] == 3);
  REQUIRE(of[4].error);
  CHECK(of[4].error->kind() == error_kind::busy);
  CHECK(service.offered["t4"] == 8);
  CHECK(service.offered["t0"] == 1);
}

TEST_CASE("a call that fails as a whole is told for each of its tasks") {
  scripted to;
  to.http.then(404, error_body("JobNotFound", "The specified job does not exist."));
  const auto got =
      to.get<std::vector<add_result>>([&](auto then) { to.of.add_tasks("j", tasks(3), {}, then); });
  REQUIRE(got->size() == 3);
  for (const add_result& one : got.value())
    CHECK(one.error->is("JobNotFound"));
}

TEST_CASE("no tasks are added without a call") {
  scripted to;
  const auto got =
      to.get<std::vector<add_result>>([&](auto then) { to.of.add_tasks("j", {}, {}, then); });
  CHECK(got->empty());
  CHECK(to.http.seen.empty());
}

TEST_CASE("counts, files, subtasks and preparations are read") {
  scripted to;
  to.http.then(200, R"({"taskCounts":{"active":1,"running":2,"completed":3,"succeeded":2,
                        "failed":1},"taskSlotCounts":{}})");
  CHECK(to.get<task_counts>([&](auto then) { to.of.count_tasks("j", then); })->failed == 1);
  to.http.then(200, R"({"value":[{"name":"stdout.txt","isDirectory":false,
                        "properties":{"contentLength":"17","lastModified":"2024-01-01T00:00:00Z"}}]})");
  const auto files =
      to.get<page<file_info>>([&](auto then) { to.of.list_task_files("j", "t", {}, then); });
  CHECK(files->items.at(0).size == 17);
  to.http.then(200, R"({"value":[{"id":2,"state":"completed","result":"success","exitCode":0}]})");
  CHECK(to.get<page<subtask_info>>([&](auto then) { to.of.list_subtasks("j", "t", then); })
            ->items.at(0)
            .id == 2);
  to.http.then(200, R"({"value":[{"nodeId":"n","jobPreparationTaskExecutionInfo":
                        {"state":"completed","result":"failure","exitCode":1}}]})");
  const auto ready =
      to.get<page<node_preparation>>([&](auto then) { to.of.list_preparations("j", {}, then); });
  CHECK(ready->items.at(0).prepared);
  CHECK(ready->items.at(0).preparation == task_result::failure);
  to.http.then(206, "tail", {{"Content-Range", "bytes 10-13/14"}});
  const auto tail = to.get<std::optional<file_content>>(
      [&](auto then) { to.of.get_task_file("j", "t", "stdout.txt", 10, 0, then); });
  CHECK(tail.value()->body == "tail");
  CHECK(tail.value()->size == 14);
}
