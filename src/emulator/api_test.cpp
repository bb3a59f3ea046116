// SPDX-License-Identifier: MIT
#include "emulator/api.hpp"

#include <doctest/doctest.h>

using namespace clusterless::emulator;

namespace {

struct no_files : node_files {
  std::string root(int) const override { return "/nonexistent"; }
};

struct service {
  account_keys keys{"acct", base64_encoded("secret")};
  model on{{}, unix_epoch + 20'000 * one_day};
  no_files files;
  batch_api api{on, files, keys};

  http_answer ask(const std::string& method, const std::string& target, const json& body = {},
                  const std::map<std::string, std::string>& headers = {}) {
    http_request made;
    made.method = method;
    split_target(target.find("api-version") == std::string::npos
                     ? target + (target.find('?') == std::string::npos ? "?" : "&") +
                           "api-version=2024-07-01.20.0"
                     : target,
                 made);
    made.headers = headers;
    made.headers["host"] = "localhost:1";
    made.headers["ocp-date"] = http_date(on.now());
    if (!body.is_null()) made.body = body.dump();
    made.headers["authorization"] =
        "SharedKey acct:" + signature(keys.key, string_to_sign(made, "acct"));
    http_answer answer = api.answer(made);
    on.advance(on.now());
    for (const action& each : on.take_actions())
      if (each.what == action::kind::run) runs.push_back(each.run);
    return answer;
  }
  std::string code(const std::string& method, const std::string& target, const json& body = {},
                   const std::map<std::string, std::string>& headers = {}) {
    const http_answer answer = ask(method, target, body, headers);
    if (answer.body.empty()) return std::to_string(answer.status);
    const json document = json::parse(answer.body);
    return text_of(document, "code", std::to_string(answer.status));
  }
  void pool_and_job() {
    REQUIRE(code("POST", "/pools", pool("p")) == "201");
    REQUIRE(code("POST", "/jobs", json{{"id", "j"}, {"poolInfo", {{"poolId", "p"}}}}) == "201");
  }
  static json pool(const std::string& id) {
    return {{"id", id},
            {"vmSize", "STANDARD_A1"},
            {"targetDedicatedNodes", 1},
            {"virtualMachineConfiguration",
             {{"imageReference", {{"publisher", "p"}, {"offer", "o"}, {"sku", "s"}}},
              {"nodeAgentSKUId", "batch.node.ubuntu 24.04"}}}};
  }
  static json task(const std::string& id) { return {{"id", id}, {"commandLine", "c"}}; }
  std::vector<std::uint64_t> runs;
};

}  // namespace

TEST_CASE("requests without a version, of unknown versions, paths and verbs are refused") {
  service at;
  http_request bare;
  bare.method = "GET";
  bare.path = "/pools";
  CHECK(at.api.answer(bare).status == 400);
  CHECK(at.code("GET", "/pools?api-version=yesterday") == "UnsupportedRequestVersion");
  CHECK(at.code("GET", "/pools?api-version=2025-06-01") == "200");
  CHECK(at.code("GET", "/nothing") == "InvalidUri");
  CHECK(at.code("PUT", "/pools") == "UnsupportedHttpVerb");
  CHECK(at.code("GET", "/pools?maxresults=1001") == "InvalidQueryParameterValue");
}

TEST_CASE("bodies are checked for what is required, for types and for limits") {
  service at;
  const auto without = [](const char* name) {
    json made = service::pool("x");
    made.erase(name);
    return made;
  };
  CHECK(at.code("POST", "/pools", without("vmSize")) == "MissingRequiredProperty");
  CHECK(at.code("POST", "/pools", without("id")) == "MissingRequiredProperty");
  CHECK(at.code("POST", "/pools", without("virtualMachineConfiguration")) ==
        "MissingRequiredProperty");
  CHECK(at.code("POST", "/pools", service::pool("a b")) == "InvalidPropertyValue");
  CHECK(at.code("POST", "/pools", service::pool(std::string(65, 'x'))) == "InvalidPropertyValue");
  json wrong = service::pool("x");
  wrong["targetDedicatedNodes"] = "two";
  CHECK(at.code("POST", "/pools", wrong) == "InvalidRequestBody");
  wrong["targetDedicatedNodes"] = -1;
  CHECK(at.code("POST", "/pools", wrong) == "InvalidPropertyValue");
  wrong = service::pool("x");
  wrong["resizeTimeout"] = "PT1M";
  CHECK(at.code("POST", "/pools", wrong) == "InvalidPropertyValue");
  CHECK(at.code("POST", "/pools", json::array()) == "InvalidRequestBody");
  at.pool_and_job();
  json task = service::task("t");
  task["resourceFiles"] = json::array({{{"httpUrl", "http://x"}, {"filePath", "../x"}}});
  CHECK(at.code("POST", "/jobs/j/tasks", task) == "InvalidPropertyValue");
  task = service::task("t");
  task["multiInstanceSettings"] = {{"numberOfInstances", 101}, {"coordinationCommandLine", "c"}};
  CHECK(at.code("POST", "/jobs/j/tasks", task) == "InvalidPropertyValue");
  task = service::task("t");
  task["dependsOn"] = {{"taskIds", json::array({"a"})}};
  CHECK(at.code("POST", "/jobs/j/tasks", task) == "TaskDependenciesNotSpecifiedOnJob");
}

TEST_CASE("a formula is checked before there is a pool for it") {
  service at;
  json wanted = service::pool("p");
  wanted.erase("targetDedicatedNodes");
  wanted["enableAutoScale"] = true;
  wanted["autoScaleFormula"] = "$TargetDedicatedNodes = ;";
  CHECK(at.code("POST", "/pools", wanted) == "AutoScalingFormulaSyntaxError");
  wanted["autoScaleFormula"] = "$TargetDedicatedNodes = avg($PendingTasks.GetSample(5));";
  CHECK(at.code("POST", "/pools", wanted) == "201");
  CHECK(at.code("POST", "/pools/p/resize", json{{"targetDedicatedNodes", 1}}) ==
        "PoolNotEligibleForOperation");
}

TEST_CASE("collections take a hundred tasks and a megabyte, and tell of each task") {
  service at;
  at.pool_and_job();
  json many = json::array();
  for (int i = 0; i < 101; ++i)
    many.push_back(service::task("t" + std::to_string(i)));
  CHECK(at.code("POST", "/jobs/j/addtaskcollection", {{"value", many}}) == "InvalidPropertyValue");
  json big = service::task("big");
  big["commandLine"] = std::string(1 << 20, 'x');
  CHECK(at.code("POST", "/jobs/j/addtaskcollection", {{"value", json::array({big})}}) ==
        "RequestBodyTooLarge");
  const json some = json::array({service::task("a"), service::task("a b"), service::task("A")});
  const json results =
      json::parse(at.ask("POST", "/jobs/j/addtaskcollection", {{"value", some}}).body)["value"];
  REQUIRE(results.size() == 3);
  CHECK(results[2]["status"] == "Success");
  CHECK(results[1]["error"]["code"] == "InvalidPropertyValue");
  CHECK(results[0]["error"]["code"] == "TaskExists");
}

TEST_CASE("pages link to the next one until all rows were given") {
  service at;
  at.pool_and_job();
  for (int i = 0; i < 25; ++i)
    at.ask("POST", "/jobs/j/tasks", service::task("t" + std::to_string(100 + i)));
  std::string target = "/jobs/j/tasks?maxresults=10&$select=id&$filter=startswith(id,'t1')";
  std::vector<std::string> ids;
  for (int page = 0; page < 3; ++page) {
    const json body = json::parse(at.ask("GET", target).body);
    for (const json& each : body["value"])
      ids.push_back(text_of(each, "id"));
    CHECK(body.contains("odata.nextLink") == (page < 2));
    if (page == 2) break;
    target = text_of(body, "odata.nextLink").substr(std::string("http://localhost:1").size());
    CHECK(target.find("api-version=2024-07-01.20.0") != std::string::npos);
  }
  CHECK(ids.size() == 25);
  CHECK(std::is_sorted(ids.begin(), ids.end()));
  CHECK(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
}

TEST_CASE("conditions of headers are kept") {
  service at;
  at.pool_and_job();
  const std::string tag = at.ask("GET", "/pools/p").header("ETag");
  CHECK(at.code("GET", "/pools/p", {}, {{"if-none-match", tag}}) == "304");
  CHECK(at.code("GET", "/pools/p", {}, {{"if-match", tag}}) == "200");
  CHECK(at.code("DELETE", "/pools/p", {}, {{"if-match", "0x8D0"}}) == "ConditionNotMet");
  CHECK(at.code("HEAD", "/pools/none") == "404");
  CHECK(at.ask("HEAD", "/pools/p").body.empty());
}

TEST_CASE("a client's request id comes back when it asks for that") {
  service at;
  CHECK(at.ask("GET", "/pools", {}, {{"client-request-id", "7"}})
            .header("client-request-id")
            .empty());
  CHECK(at.ask("GET", "/pools", {},
               {{"client-request-id", "7"}, {"return-client-request-id", "true"}})
            .header("client-request-id") == "7");
}
