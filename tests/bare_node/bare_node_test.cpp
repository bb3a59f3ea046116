// SPDX-License-Identifier: MIT
// The bundle of this program in an empty root: no libraries, no loader, a shell that needs none.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <clusterless/clusterless.hpp>
#include <clusterless/codec_std.hpp>

#include "bundle/bundle.hpp"
#include "os/process.hpp"
#include "os/program_file.hpp"
#include "os/tcp.hpp"
#include "session/link_file.hpp"
#include "session/task_hosts.hpp"
#include "support/scratch_directory.hpp"
#include "support/task_plans.hpp"
#include "task/task_log.hpp"
#include "task/task_main.hpp"

namespace cl = clusterless;
namespace fs = std::filesystem;
using namespace clusterless;

namespace {

std::pair<std::string, int> part(int x) {
  return {cl::node(), 10 * x};
}

std::map<std::string, int> fateful(int x) {
  std::printf("item %d\n", x);
  if (x == 2) std::abort();
  std::map<std::string, int> sums;
  for (const auto& [node, value] : cl::pmap(part, 40 * x))
    sums[node] += value;
  return sums;
}

/// A shell that brings its own libraries; empty when there is none.
std::string lone_shell() {
  for (const char* path : {"/bin/busybox", "/usr/bin/busybox"})
    if (fs::exists(path) && !os::read_program_file(path).dynamic) return path;
  return "";
}

bool may_make_roots() {
  return std::system("unshare -r -m true >/dev/null 2>&1") == 0;
}

struct bare_root {
  tests::scratch_directory directory = {};
  bundle::bundle program = {};

  explicit bare_root(bool several_hosts) : program(bundle::make_bundle(several_hosts)) {
    for (const char* each : {"bin", "proc", "dev", "task", "node files/lib"})
      fs::create_directories(at(each));
    fs::copy_file(lone_shell(), at("bin/sh"));
    for (const auto& each : program.files) {
      fs::copy_file(each.path, at("node files/" + each.name));
      fs::permissions(at("node files/" + each.name), fs::perms(0755));
    }
  }
  std::string at(const std::string& path) const { return directory.path() + "/" + path; }
  std::string command() const {
    return "DIR='/node files' && exec " + bundle::start_command("$DIR", program) + " --no-run";
  }
  /// Runs a command of the root's shell in it; its exit code.
  int run(const std::string& command) const {
    const os::unique_fd out(::open(at("out").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600));
    os::start_request request;
    request.path = "/usr/bin/unshare";
    request.argv = {"unshare",
                    "-r",
                    "-m",
                    "/bin/sh",
                    "-c",
                    "mount --rbind /dev \"$0/dev\" && mount --rbind /proc \"$0/proc\" && "
                    "exec chroot \"$0\" /bin/sh -c \"$1\"",
                    directory.path(),
                    command};
    request.env = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}};
    request.only_env = true;
    request.output = out.get();
    auto child = os::child_process::start(request);
    pollfd look{child.pidfd(), POLLIN, 0};
    constexpr int patience_ms = 100'000;
    REQUIRE(::poll(&look, 1, patience_ms) == 1);
    const auto facts = child.reap();
    REQUIRE(facts);
    return WIFEXITED(facts->wait_status) ? WEXITSTATUS(facts->wait_status) : -1;
  }
  std::string told() const {
    const auto text = tests::read_all(at("out"));
    return {reinterpret_cast<const char*>(text.data()), text.size()};
  }
};

struct outcome_of_task {
  std::vector<std::map<std::string, int>> values = {};
  std::vector<error_info> failures = {};
  bool ended = false;

  explicit outcome_of_task(const bare_root& root) {
    const auto bytes = tests::read_all(root.at("task/log"));
    task::log_reader log(bytes.data(), bytes.size());
    for (task::log_entry entry; log.next(entry);) {
      ended = entry.kind == task::entry_kind::ended;
      if (entry.kind == task::entry_kind::failed) failures.push_back(task::to_error(entry));
      if (entry.kind != task::entry_kind::outcomes) continue;
      detail::pack_cursor cursor(entry.body, entry.size);
      for (detail::entry_view value; cursor.next(value);) {
        reader in(value.body, value.size);
        values.push_back(codec<std::map<std::string, int>>::get(in));
      }
    }
  }
};

constexpr int sum_of_parts(int x) {
  return 10 * (40 * x) * (40 * x - 1) / 2;
}

}  // namespace

#define CLUSTERLESS_NEEDS_BARE_ROOTS()                                              \
  if (lone_shell().empty()) {                                                       \
    MESSAGE("skipped: no shell without libraries; apt-get install busybox-static"); \
    return;                                                                         \
  }                                                                                 \
  if (!may_make_roots()) {                                                          \
    MESSAGE("skipped: this system does not let programs have a root of their own"); \
    return;                                                                         \
  }                                                                                 \
  static_cast<void>(0)

TEST_CASE("a task with a nested map runs on a node that has nothing but a shell") {
  CLUSTERLESS_NEEDS_BARE_ROOTS();
  bare_root root(false);
  tests::write_all(root.at("task/plan"),
                   task::encode_plan(tests::plan_of(fateful, std::vector<int>{1, 2, 3}, 1, 2)));

  const int code =
      root.run("export CLUSTERLESS_TASK=/task CLUSTERLESS_TASK_HOSTS=here && " + root.command());

  INFO(root.told());
  CHECK(code == task::all_told);
  const outcome_of_task what(root);
  CHECK(what.ended);
  REQUIRE(what.values.size() == 2);
  CHECK(what.values[0].at("here") == sum_of_parts(1));
  CHECK(what.values[1].at("here") == sum_of_parts(3));
  REQUIRE(what.failures.size() == 1);
  CHECK(what.failures[0].cause == cause::crashed);
  CHECK(what.failures[0].trace.find("fateful(int)") != std::string::npos);
  CHECK(root.told().find("item 3\n") != std::string::npos);
}

TEST_CASE("nodes that have nothing but a shell link with each other") {
  CLUSTERLESS_NEEDS_BARE_ROOTS();
  bare_root root(true);
  tests::write_all(root.at("task/plan"),
                   task::encode_plan(tests::plan_of(fateful, std::vector<int>{3}, 2, 1)));
  session::link_place link;
  link.address = "127.0.1.9";
  link.port = os::listen_on(link.address, 0).port;
  link.ports = 8;
  link.identity = "bare";
  link.key = os::make_link_key();
  session::write_link_file(root.at("task/link"), link);

  const int code = root.run(
      "export CLUSTERLESS_TASK_HOSTS=127.0.1.8,127.0.1.9\n"
      "(export CLUSTERLESS_AGENT=/task/link; " +
      root.command() + ") &\nexport CLUSTERLESS_TASK=/task && " + root.command());

  INFO(root.told());
  CHECK(code == task::all_told);
  const outcome_of_task what(root);
  REQUIRE(what.values.size() == 1);
  int sum = 0;
  for (const auto& [node, value] : what.values[0])
    sum += value;
  CHECK(sum == sum_of_parts(3));
}

TEST_CASE("a node without one of the libraries says which") {
  CLUSTERLESS_NEEDS_BARE_ROOTS();
  bare_root root(false);
  fs::remove(root.at("node files/lib/libstdc++.so.6"));
  CHECK(root.run("export CLUSTERLESS_TASK=/task && " + root.command()) == 127);
  CHECK(root.told().find("libstdc++.so.6") != std::string::npos);
}
