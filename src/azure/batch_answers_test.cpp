// SPDX-License-Identifier: MIT
// Answers of the real service, as they were recorded, through the client.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "azure/batch.hpp"
#include "azure/shared_key.hpp"
#include "support/data_file.hpp"
#include "support/fake_http.hpp"

using namespace clusterless;
using namespace clusterless::azure;
using namespace clusterless::azure::batch;
using nlohmann::json;

namespace {

struct recorded {
  explicit recorded(const std::string& name)
      : answer(json::parse(tests::data_file("batch_answers.json"))["answers"][name]) {
    std::vector<header> headers;
    for (const auto& [key, value] : answer["headers"].items())
      headers.push_back({key, value.get<std::string>()});
    http.then(answer["status"], answer["body"].is_null() ? "" : answer["body"].dump(), headers);
  }
  /// The value that `start` gets; the request must have been the recorded one's.
  template <class T, class Start>
  T get(Start start) {
    const result<T> got = wait_for<T>(on, start);
    CHECK(http.seen.at(0).method == answer["method"].get<std::string>());
    const std::string url = "https://acct" + answer["path"].get<std::string>() + "?";
    CHECK(http.seen.at(0).url.starts_with(url));
    return got.value();
  }

  json answer;
  tests::manual_clock clock;
  tests::fake_http http{clock};
  loop on{http, clock};
  no_signer nobody;
  exchange calls{on, nobody};
  client of{calls, "https://acct"};
};

const std::string id = "ncj-ubuntu1604";

}  // namespace

TEST_CASE("recorded pools, nodes and images are understood") {
  recorded resizing("pool_resizing");
  const auto pool =
      resizing.get<std::optional<pool_info>>([&](auto then) { resizing.of.get_pool(id, then); });
  REQUIRE(pool);
  CHECK(pool->id == id);
  CHECK(pool->etag == "0x8DA9061B2F7BB2F");
  CHECK(pool->state == pool_state::active);
  CHECK(pool->allocation == allocation_state::resizing);
  CHECK(pool->dedicated_target == 1);
  CHECK(pool->node_agent == "batch.node.ubuntu 18.04");
  CHECK(pool->created_ms == 1662507851515);

  recorded nodes("nodes");
  const auto page =
      nodes.get<batch::page<node_info>>([&](auto then) { nodes.of.list_nodes(id, {}, then); });
  REQUIRE(page.items.size() == 1);
  CHECK(page.items[0].state == node_state::creating);
  CHECK(page.items[0].dedicated);
  CHECK(page.items[0].ip_address == "10.0.0.4");

  recorded images("images");
  const auto known =
      images.get<batch::page<image_support>>([&](auto then) { images.of.list_images({}, then); });
  REQUIRE(known.items.size() == 8);
  CHECK(known.items[0].verified);
  CHECK(known.items[0].os == "linux");
  CHECK(known.items[0].image.sku == "20_04-lts");
}

TEST_CASE("recorded jobs and tasks are understood") {
  recorded jobs("job");
  const auto job = jobs.get<std::optional<job_info>>([&](auto then) { jobs.of.get_job(id, then); });
  REQUIRE(job);
  CHECK(job->state == job_state::active);
  CHECK(job->pool_id == id);
  CHECK(job->started_ms > 0);
  CHECK(!job->terminate_when_done);

  recorded one("task");
  const auto task =
      one.get<std::optional<task_info>>([&](auto then) { one.of.get_task(id, "myTask", then); });
  REQUIRE(task);
  CHECK(task->state == task_state::completed);
  CHECK(task->result == task_result::success);
  CHECK(task->exit_code == 0);
  CHECK(!task->failure);
  CHECK(task->directory == "workitems/ncj-ubuntu1604/job-1/myTask");
  CHECK(task->ended_ms - task->started_ms == 533);

  recorded all("tasks");
  CHECK(all.get<batch::page<task_info>>([&](auto then) { all.of.list_tasks(id, {}, then); })
            .items.size() == 1);

  recorded adding("collection");
  const auto added = adding.get<std::vector<add_result>>([&](auto then) {
    adding.of.add_tasks(id, {{.id = "MyTask", .command_line = "/bin/true"}}, {}, then);
  });
  REQUIRE(added.size() == 1);
  CHECK(!added[0].error);
}

TEST_CASE("recorded answers without a body and recorded refusals are understood") {
  recorded adding("add_job");
  CHECK(adding.get<bool>([&](auto then) { adding.of.add_job({.id = id}, then); }));
  recorded removing("delete_job");
  CHECK(removing.get<bool>([&](auto then) { removing.of.delete_job(id, then); }));
  recorded patching("patch_job");
  const std::string job = patching.answer["path"].get<std::string>().substr(6);
  patching.get<done>([&](auto then) { patching.of.patch_job(job, {.priority = 1}, {}, then); });
  recorded refused("error");
  CHECK(!refused.get<bool>([&](auto then) { refused.of.add_pool({.id = id}, then); }));
}
