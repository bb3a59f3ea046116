// SPDX-License-Identifier: MIT
#include "emulator/node_tools.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "support/scratch_directory.hpp"

using namespace clusterless::emulator;

namespace {

std::string value_of(const environment& env, const std::string& name) {
  const auto at =
      std::find_if(env.begin(), env.end(), [&](const auto& each) { return each.first == name; });
  return at == env.end() ? "(not set)" : at->second;
}

action order() {
  action made;
  made.pool = "p";
  made.node = "n";
  made.number = 2;
  made.job = "j";
  made.task = "t";
  made.spec = json::parse(R"({"environmentSettings":[{"name":"A","value":"task"}]})");
  made.common = json::parse(R"([{"name":"A","value":"job"},{"name":"B","value":"job"}])");
  return made;
}

}  // namespace

TEST_CASE("directories and variables are those of a node of the service") {
  const clusterless::tests::scratch_directory place;
  const std::string root = place.path() + "/2";
  const node_paths at = make_directories(root, order());
  CHECK(at.working == root + "/workitems/j/job-1/t/wd");
  CHECK(std::filesystem::is_directory(root + "/shared"));
  const environment env = variables_of(order(), at, "acct", "http://here");
  CHECK(value_of(env, "AZ_BATCH_TASK_WORKING_DIR") == at.working);
  CHECK(value_of(env, "AZ_BATCH_JOB_ID") == "j");
  CHECK(value_of(env, "AZ_BATCH_ACCOUNT_URL") == "http://here/");
  CHECK(value_of(env, "AZ_BATCH_HOST_LIST") == "(not set)");
  CHECK(value_of(env, "A") == "task");
  CHECK(value_of(env, "B") == "job");
  action many = order();
  many.hosts = {"127.0.1.1", "127.0.1.2"};
  many.instance = 1;
  const environment instance = variables_of(many, at, "acct", "http://here");
  CHECK(value_of(instance, "AZ_BATCH_HOST_LIST") == "127.0.1.1,127.0.1.2");
  CHECK(value_of(instance, "AZ_BATCH_NODE_LIST") == "127.0.1.1;127.0.1.2");
  CHECK(value_of(instance, "AZ_BATCH_MASTER_NODE") == "127.0.1.1:6000");
  CHECK(value_of(instance, "AZ_BATCH_IS_CURRENT_NODE_MASTER") == "false");
  CHECK(value_of(instance, "AZ_BATCH_TASK_SHARED_DIR") == at.task);
  CHECK(value_of(instance, "CCP_NODES") == "2 127.0.1.1 1 127.0.1.2 1");
}

TEST_CASE("programs are found in PATH, by path, and beside the command") {
  CHECK(find_program("sh", "/", "/nowhere:/bin") == "/bin/sh");
  CHECK(find_program("/bin/sh", "/", "") == "/bin/sh");
  CHECK(find_program("bin/sh", "/", "") == "/bin/sh");
  CHECK(find_program("no-such-program", "/", "/bin").empty());
}
