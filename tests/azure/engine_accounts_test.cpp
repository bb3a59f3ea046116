// SPDX-License-Identifier: MIT
// Accounts of the engine "azure": service principals whose tokens are renewed, several accounts,
// credentials that are wrong, and what is found out about an account before anything is made.
#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>

#include "azure/emulated_cloud.hpp"
#include "conformance/pool_under_test.hpp"
#include "core/secret.hpp"
#include "engine/azure/account_check.hpp"
#include "os/foreground.hpp"

using namespace clusterless;
using namespace clusterless::tests;
using conformance::contains;
using engine::check;

namespace {

const map_options silent = {.progress = verbosity::silent};
const std::vector<std::string> with_client = {"--client-id", "app", "--client-secret", "hidden"};

int threefold(int item) {
  return 3 * item;
}

int gated(int item, const std::string& folder) {
  conformance::touch(folder + "/began");
  conformance::await(folder + "/open");
  return 3 * item;
}

/// Asks the emulator for tokens, and takes the credentials file from here.
class login {
 public:
  login(emulated_cloud& at, const std::string& credentials) {
    ::setenv("AZURE_AUTHORITY_HOST", at.endpoint().c_str(), 1);
    ::setenv("AZURE_RESOURCE_MANAGER_ENDPOINT", at.endpoint().c_str(), 1);
    ::setenv("CREDENTIALS", at.write_file("credentials.json", credentials).c_str(), 1);
  }
  ~login() {
    for (const char* name :
         {"AZURE_AUTHORITY_HOST", "AZURE_RESOURCE_MANAGER_ENDPOINT", "CREDENTIALS"})
      ::unsetenv(name);
  }
  login(const login&) = delete;
  login& operator=(const login&) = delete;
};

std::string told_by_new_pool(emulated_cloud& at) {
  return error_text([&] {
    pool on = at.make_pool(1);
    on.pmap(threefold, 4, silent).fetch();
  });
}

void check_says(const std::string& text, const std::vector<std::string>& parts) {
  for (const auto& part : parts)
    CHECK_MESSAGE(contains(text, part), ("no \"" + part + "\" in: " + text));
}

/// A rule of the emulator: the directory refuses clients with this code.
std::string refusal(const std::string& code, const std::string& message) {
  return R"({"match": {"path": "/token"}, "times": 100, "status": 401, "code": ")" + code +
         R"(", "message": ")" + message + "\"}";
}

engine::pool_plan plan_for(const core::cloud_account& who) {
  engine::pool_plan plan;
  plan.engine = "azure";
  plan.pool_id = "BatchPool";
  plan.job_id = "BatchJob";
  plan.blob_container = "azureclusterlesshpctemp";
  plan.vm_size = "Standard_E2s_v3";
  auto one = std::make_shared<std::vector<core::cloud_account>>(1);
  core::cloud_account& copy = one->front();
  copy.batch_url = who.batch_url;
  copy.batch_resource = "https://batch.core.windows.net/";
  copy.batch_account_name = "clusterless";
  copy.tenant = who.tenant;
  copy.client_id = who.client_id;
  copy.client_secret = core::secret(std::string(who.client_secret.reveal()));
  copy.batch_account_key = core::secret(std::string(who.batch_account_key.reveal()));
  const auto storage =
      azure::parse_connection_string(std::getenv("AZURE_STORAGE_CONNECTION_STRING"));
  copy.storage_account_name = storage.name;
  copy.storage_account_key = core::secret(std::string(storage.key.reveal()));
  copy.storage_url = storage.endpoint;
  plan.accounts = std::move(one);
  return plan;
}

core::cloud_account client_of(const emulated_cloud& at, const std::string& secret = "hidden") {
  core::cloud_account who;
  who.batch_url = at.endpoint();
  who.tenant = "contoso";
  who.client_id = "app";
  who.client_secret = core::secret(std::string(secret));
  return who;
}

core::cloud_account key_of(const emulated_cloud& at) {
  core::cloud_account who;
  who.batch_url = at.endpoint();
  who.batch_account_key = core::secret(std::string(at.key()));
  return who;
}

const check& named(const engine::checks& all, const std::string& name) {
  for (const auto& each : all)
    if (each.name == name) return each;
  FAIL("there is no check " << name);
  return all.front();
}

}  // namespace

TEST_CASE("tokens that expire during a run are renewed, whatever the service says of old ones") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  auto arguments = with_client;
  arguments.insert(arguments.end(), {"--token-lifetime", "1"});
  emulated_cloud at(blobs, arguments);
  const login as(at, at.account("contoso"));
  // Strikes without harm: they count.
  at.fault(R"({"match": {"path": "/token"}, "times": 1000, "delay_ms": 1})");
  const conformance::shared_folder folder;
  pool on = at.make_pool(1);
  auto mapped = on.pmap(clusterless::bind(gated, folder.path()), 2, silent);
  REQUIRE(conformance::eventually([&] { return conformance::exists(folder / "began"); }));
  REQUIRE(conformance::eventually([&] { return at.strikes() >= 4; }));
  at.fault(R"({"match": {"method": "GET", "path": "/tasks"}, "status": 401,
               "code": "AuthenticationFailed"})");
  REQUIRE(conformance::eventually([&] { return at.strikes() >= 6; }));
  conformance::touch(folder / "open");
  CHECK(mapped.fetch() == std::vector{0, 3});
  on.destroy();
  CHECK(at.left().empty());
}

TEST_CASE(
    "pools are dealt out to several accounts, each with its own things, and all are removed") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud first(blobs);
  emulated_cloud second(blobs);
  const login as(first, '[' + first.account("") + ',' + second.account("") + ']');
  pool on = first.make_pool(1, {}, {.pools = 3});
  CHECK(
      on.pmap(threefold, 12, {.items_per_task = 1, .progress = verbosity::silent}).fetch().size() ==
      12);
  CHECK(conformance::eventually([&] { return first.pools().size() == 2; }));
  CHECK(first.pools() == std::vector<std::string>{"BatchPool_1", "BatchPool_3"});
  CHECK(second.pools() == std::vector<std::string>{"BatchPool_2"});
  CHECK(first.jobs().size() == 2);
  CHECK(second.jobs().size() == 1);
  on.destroy();
  CHECK(first.left().empty());
  CHECK(second.left().empty());
}

TEST_CASE("a secret that is wrong or expired, and a wrong tenant, are told apart and not shown") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs, with_client);
  {
    const login as(at, at.account("contoso", "gues5ed"));
    const std::string told = told_by_new_pool(at);
    check_says(told,
               {"AADSTS7000215", "the secret of client app is wrong", "az ad app credential"});
    CHECK_FALSE(contains(told, "gues5ed"));
  }
  const login as(at, at.account("contoso"));
  at.fault(refusal("AADSTS90002", "Tenant 'contoso' not found."));
  check_says(told_by_new_pool(at), {"there is no tenant contoso", "correct the tenant id"});
  at.forget_faults();
  at.fault(refusal("AADSTS7000222", "The provided client secret keys are expired."));
  check_says(told_by_new_pool(at), {"the secret of client app has expired", "make a new one"});
}

TEST_CASE("credentials that cannot be used are told before anything is asked") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  const auto told = [&](const std::string& text) {
    const login as(at, text);
    return error_text([&] { at.make_pool(1); });
  };
  const auto with = [&](const std::string& key, const std::string& value) {
    const std::string good = at.account("");
    const auto from = good.find(key) + key.size() + 4;
    return good.substr(0, from) + value + good.substr(good.find('"', from));
  };
  check_says(told("_BATCH_ACCOUNT_URL = x"), {"credentials.json line 1", "not JSON"});
  check_says(told(R"({"_BATCH_ACOUNT_URL": "https://a.b.batch.azure.com"})"),
             {"unknown key", "did you mean \"_BATCH_ACCOUNT_URL\"?"});
  check_says(told(with("_BATCH_ACCOUNT_KEY", "not base64!")), {"_BATCH_ACCOUNT_KEY"});
  check_says(told(with("_BATCH_ACCOUNT_URL", "http://mine.eastus.batch.azure.com")),
             {"_BATCH_ACCOUNT_URL", "in the clear", "https://"});
  check_says(told(with("_BATCH_ACCOUNT_URL", "https://mine.blob.core.windows.net")),
             {"_BATCH_ACCOUNT_URL", "another service", "batch.azure.com"});
  ::setenv("CREDENTIALS", "/nowhere/credentials.json", 1);
  check_says(error_text([&] { at.make_pool(1); }), {"/nowhere/credentials.json", "CREDENTIALS"});
  ::unsetenv("CREDENTIALS");
  CHECK(at.left().empty());
}

TEST_CASE("an address where another service answers is told as that") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  const std::string url = blobs.endpoint;
  ::setenv("AZURE_BATCH_ENDPOINT", url.c_str(), 1);
  check_says(told_by_new_pool(at), {"cannot", "pool", "HTTP 4"});
  core::cloud_account who = key_of(at);
  who.batch_url = url;
  const check service = named(engine::check_accounts(plan_for(who), {}), "service");
  CHECK(service.is == check::grade::failure);
  check_says(service.advice, {"_BATCH_ACCOUNT_URL"});
}

TEST_CASE("an account that can run a plan is found good, with what it would make and cost") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs, with_client);
  const login as(at, at.account("contoso"));
  engine::pool_plan plan = plan_for(client_of(at));
  plan.pools = 2;
  plan.nodes = 4;
  const engine::checks all = engine::check_accounts(plan, {.node = 0.5});
  for (const auto& each : all)
    CHECK_MESSAGE(each.is == check::grade::good, (each.name + ": " + each.text));
  check_says(named(all, "credentials").text, {"client app of tenant contoso", "token"});
  check_says(named(all, "image").text, {"ubuntu"});
  check_says(named(all, "VM size").text, {"2 vCPUs"});
  check_says(named(all, "pools").text, {"2 pools would be made"});
  check_says(named(all, "quotas").text, {"dedicated vCPUs: 0 + 16 of"});
  check_says(named(all, "run").text,
             {"2 pools of 4 nodes", "16 vCPUs", "0.5 an hour", "4 an hour"});
  CHECK(at.left().empty());
}

TEST_CASE("what will not work in an account is found before a run, with what to do") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  auto arguments = with_client;
  arguments.insert(arguments.end(), {"--core-quota", "8", "--pool-quota", "2"});
  emulated_cloud at(blobs, arguments);
  const login as(at, at.account("contoso"));
  engine::pool_plan plan = plan_for(client_of(at));
  at.make_pool_of_size("BatchPool_1", "STANDARD_F2");
  plan.pools = 3;
  plan.nodes = 2;
  plan.os_sku = "18.04";
  engine::checks all = engine::check_accounts(plan, {});
  CHECK(named(all, "pools").is == check::grade::failure);
  check_says(named(all, "pools").text, {"BatchPool_1: VM size is standard_f2"});
  CHECK(named(all, "quotas").is == check::grade::failure);
  check_says(named(all, "quotas").text, {"too small for pools, dedicated vCPUs", "0 + 12 of 8"});
  check_says(named(all, "quotas").advice, {"Ask for more"});
  CHECK(named(all, "image").is == check::grade::warning);

  plan.vm_size = "Standard_Enormous";
  plan.nodes = 101;
  plan.inter_node = true;
  check_says(named(engine::check_accounts(plan, {}), "plan").text, {"at most 100 nodes"});
  plan.nodes = 1;
  CHECK(named(engine::check_accounts(plan, {}), "VM size").is == check::grade::warning);

  const check wrong =
      named(engine::check_accounts(plan_for(client_of(at, "gues5ed")), {}), "credentials");
  CHECK(wrong.is == check::grade::failure);
  check_says(wrong.advice, {"the secret of client app is wrong"});

  const check unseen = named(engine::check_accounts(plan_for(key_of(at)), {}), "quotas");
  CHECK(unseen.is == check::grade::warning);
  check_says(unseen.text, {"1 pool,", "not seen", "key"});

  at.fault(R"({"clock_skew_s": -3600})");
  const check clock = named(engine::check_accounts(plan_for(key_of(at)), {}), "clock");
  CHECK(clock.is == check::grade::failure);
  check_says(clock.text, {"60 min ahead of"});
}

TEST_CASE("the doctor tells of the account, and fails when a run would") {
  CLUSTERLESS_NEEDS_AZURITE(blobs);
  emulated_cloud at(blobs);
  const login as(at, at.account(""));
  const auto doctor = [&] {
    os::command_line command{.file = CLUSTERLESS_TOOL};
    command.arguments = {CLUSTERLESS_TOOL, "doctor", "--json", "--price-per-hour", "0.25"};
    command.environment = {{"CLUSTERLESS_STORE", at.write_file("store", "") + "s"}};
    return os::ask_program(command, std::chrono::minutes(1));
  };
  os::answer told = doctor();
  CHECK(told.end.exit_code == 0);
  check_says(told.output, {"\"section\": \"azure\"", "0.25 an hour for a node", "\"failures\": 0"});
  CHECK_FALSE(contains(told.output, at.key()));

  at.fault(R"({"clock_skew_s": 3600})");
  told = doctor();
  CHECK(told.end.exit_code == 1);
  check_says(told.output, {"60 min behind", "Set the clock"});
}
