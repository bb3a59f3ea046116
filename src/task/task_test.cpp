// SPDX-License-Identifier: MIT
// A task as processes: the program started on a folder with a plan, and the log it leaves.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <clusterless/clusterless.hpp>

#include "os/process.hpp"
#include "os/tcp.hpp"
#include "session/link_file.hpp"
#include "session/task_hosts.hpp"
#include "support/scratch_directory.hpp"
#include "support/task_plans.hpp"
#include "task/task_log.hpp"
#include "task/task_main.hpp"
#include "task/task_plan.hpp"

namespace cl = clusterless;
using namespace clusterless;
using namespace clusterless::task;
using tests::plan_of;
using tests::read_all;
using tests::write_all;

namespace {

constexpr int patience_ms = 60'000;  // of a test that would fail

int fateful(int x) {
  std::printf("item %d\n", x);
  if (x == 3) throw std::runtime_error("three");
  if (x == 6) std::abort();
  return 10 * x;
}

bool appears(const std::string& path) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms);
  while (!std::filesystem::exists(path)) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

bool listens(const session::link_place& at) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms);
  while (std::chrono::steady_clock::now() < until) {
    const auto socket = os::begin_connect(at.address, at.port);
    std::optional<bool> reached;
    while (!(reached = os::connected(socket)))
      std::this_thread::yield();
    if (*reached) return true;
  }
  return false;
}

void touch(const std::string& path) {
  std::fclose(std::fopen(path.c_str(), "w"));
}

/// Waits until one of it runs on the other node.
std::string where(const std::string& meeting) {
  if (cl::node() == "127.0.1.9") touch(meeting);
  return appears(meeting) ? cl::node() : "alone";
}
std::vector<std::string> wide(const std::string& meeting) {
  cl::progress(0.5, "half way");
  return cl::pmap(where, std::vector<std::string>(40, meeting));
}

using numbers = array<double>;
numbers doubled(const numbers& of, const cl::broadcast<numbers>& plus) {
  numbers made = of;
  for (std::size_t i = 0; i < made.size(); ++i)
    made[i] = 2 * made[i] + (*plus)[i];
  return made;
}

/// Touches the file, and waits to be stopped.
int patient(const std::string& file) {
  if (file.empty()) return 1;
  touch(file);
  while (!cl::stop_requested())
    std::this_thread::yield();
  return 2;
}

/// A folder with a plan, and the program run on it.
struct task_on_disk {
  tests::scratch_directory folder = {};
  std::vector<std::byte> bytes = {};

  explicit task_on_disk(const task_plan& plan) { write_all(file(plan_name), encode_plan(plan)); }
  std::string file(const std::string& name) const { return folder.path() + "/" + name; }

  /// With all variables given; standard output and error go to the file "out".
  os::child_process start(std::vector<std::pair<std::string, std::string>> env) {
    const os::unique_fd out(::open(file("out").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600));
    os::start_request request;
    request.path = "/proc/self/exe";
    // A child that did not become what it should would run no tests.
    request.argv = {"task_test", "--no-run"};
    request.env = std::move(env);
    request.output = out.get();
    return os::child_process::start(request);
  }
  os::child_process start_task(const std::string& hosts = "here") {
    return start({{task_variable, folder.path()}, {session::task_hosts_variable, hosts}});
  }
  os::child_process start_agent(std::pair<std::string, std::string> where) {
    return start({{session::agent_variable, file(link_name)}, std::move(where)});
  }
  int exit_code(os::child_process& child) {
    pollfd look{child.pidfd(), POLLIN, 0};
    REQUIRE(::poll(&look, 1, patience_ms) == 1);
    const auto facts = child.reap();
    REQUIRE(facts);
    bytes = read_all(file(log_name));
    return WIFEXITED(facts->wait_status) ? WEXITSTATUS(facts->wait_status) : -1;
  }
  std::vector<log_entry> entries() const {
    log_reader log(bytes.data(), bytes.size());
    std::vector<log_entry> all;
    for (log_entry one; log.next(one);)
      all.push_back(one);
    CHECK(log.trouble().empty());
    return all;
  }
  template <class T>
  std::vector<T> values() const {
    std::vector<T> all;
    for (const auto& entry : entries()) {
      if (entry.kind != entry_kind::outcomes) continue;
      const auto outcome = to_outcome(entry);
      detail::pack_cursor cursor(outcome.data, outcome.size);
      for (detail::entry_view value; cursor.next(value);) {
        reader in(value.body, value.size, &outcome.beside);
        all.push_back(codec<T>::get(in));
      }
    }
    return all;
  }
  std::string told_to_people() const {
    const auto text = read_all(file("out"));
    return {reinterpret_cast<const char*>(text.data()), text.size()};
  }
};

}  // namespace

TEST_CASE(
    "a task tells of every item in its order: values, an exception, a crash, what it printed") {
  task_on_disk task(plan_of(fateful, std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8}));
  auto child = task.start_task();
  CHECK(task.exit_code(child) == all_told);

  std::uint64_t item = 5;
  std::map<std::uint64_t, error_info> failures;
  std::string printed;
  for (const auto& entry : task.entries()) {
    if (entry.kind == entry_kind::outcomes) item += entry.count;
    if (entry.kind == entry_kind::printed) printed += entry.text();
    if (entry.kind != entry_kind::failed) continue;
    CHECK(entry.count == 0);
    failures[item++] = to_error(entry);
  }
  CHECK(item == 13);
  CHECK(task.values<int>() == std::vector<int>{10, 20, 40, 50, 70, 80});
  REQUIRE(failures.size() == 2);
  CHECK(failures[7].message == "three");
  CHECK(failures[7].item == 7);
  CHECK(failures[10].cause == cause::crashed);
  CHECK(failures[10].item == 10);
  for (int x = 1; x <= 8; ++x) {
    const std::string line = "item " + std::to_string(x) + "\n";
    CHECK(printed.find(line) != std::string::npos);
    CHECK(task.told_to_people().find(line) != std::string::npos);
  }
  CHECK(task.entries().front().text() == "here");
  CHECK(task.entries().back().kind == entry_kind::ended);
  CHECK(task.entries().back().number == 0);
}

TEST_CASE("items behind a failed one are left alone when the plan says so") {
  auto plan = plan_of(fateful, std::vector<int>{1, 3, 4});
  plan.keep_going = false;
  task_on_disk task(plan);
  auto child = task.start_task();
  CHECK(task.exit_code(child) == all_told);
  CHECK(task.values<int>() == std::vector<int>{10});
  CHECK(task.entries().back().kind == entry_kind::ended);
}

TEST_CASE("large arrays come in by the plan and a broadcast file, and go out by the log") {
  numbers item(100'000);
  numbers plus(100'000);
  for (std::size_t i = 0; i < item.size(); ++i) {
    item[i] = static_cast<double>(i);
    plus[i] = 0.5;
  }
  core::broadcast_bytes value;
  value.key[0] = 17;
  value.key[1] = 4;
  writer out(value.bytes, &value.beside);
  codec<numbers>::put(out, plus);
  reader key(reinterpret_cast<const std::byte*>(value.key), sizeof value.key);
  const auto handle = codec<cl::broadcast<numbers>>::get(key);
  task_on_disk task(plan_of(cl::bind(doubled, handle), std::vector<numbers>(3, item)));
  const std::string file = std::string(broadcast_name) + "/" + broadcast_file_name(value.key);
  const auto encoded = encode_broadcast(value);
  std::filesystem::create_directory(task.file(broadcast_name));
  SUBCASE("whole") {
    write_all(task.file(file), encoded);
    auto child = task.start_task();
    CHECK(task.exit_code(child) == all_told);
    const auto values = task.values<numbers>();
    REQUIRE(values.size() == 3);
    for (const auto& each : values) {
      REQUIRE(each.size() == item.size());
      CHECK(each[99'999] == 2 * 99'999.0 + 0.5);
    }
  }
  SUBCASE("a broadcast that is not there fails the items") {
    auto child = task.start_task();
    CHECK(task.exit_code(child) == all_told);
    int failures = 0;
    for (const auto& entry : task.entries())
      if (entry.kind == entry_kind::failed) ++failures;
    CHECK(failures == 3);
  }
  SUBCASE("a damaged one stops the task") {
    write_all(task.file(file), {encoded.begin(), encoded.end() - 1});
    auto child = task.start_task();
    CHECK(task.exit_code(child) == could_not);
    CHECK(task.entries().back().kind == entry_kind::trouble);
    CHECK(task.entries().back().text().find("broadcast") != std::string::npos);
  }
}

TEST_CASE("a task of another build is refused in its log") {
  auto plan = plan_of(fateful, std::vector<int>{1});
  plan.build_id[3] ^= 1;
  task_on_disk task(plan);
  auto child = task.start_task();

  CHECK(task.exit_code(child) == could_not);

  CHECK(task.entries().back().kind == entry_kind::unusable);
  CHECK(task.entries().back().text().find("build") != std::string::npos);
}

TEST_CASE("what a task lacks is told: its plan, its hosts, its link file") {
  task_on_disk task(plan_of(wide, std::vector<std::string>{""}, 2));
  std::string words;
  SUBCASE("hosts") {
    auto child = task.start_task("127.0.1.8");
    CHECK(task.exit_code(child) == could_not);
    words = "2 nodes";
  }
  SUBCASE("link file") {
    auto child = task.start_task("127.0.1.8,127.0.1.9");
    CHECK(task.exit_code(child) == could_not);
    words = link_name;
  }
  SUBCASE("plan") {
    std::filesystem::remove(task.file(plan_name));
    auto child = task.start_task();
    CHECK(task.exit_code(child) == could_not);
    words = plan_name;
  }
  SUBCASE("a whole plan") {
    std::filesystem::resize_file(task.file(plan_name), 30);
    auto child = task.start_task();
    CHECK(task.exit_code(child) == could_not);
    words = "checksum";
  }
  CHECK(task.entries().back().kind == entry_kind::trouble);
  CHECK(task.entries().back().text().find(words) != std::string::npos);
  CHECK(task.told_to_people().find(words) != std::string::npos);
}

TEST_CASE("a task that is told to end asks its items to stop, and the log has what is finished") {
  const tests::scratch_directory beside;
  const std::string begun = beside.path() + "/begun";
  task_on_disk task(plan_of(patient, std::vector<std::string>{"", begun, "", ""}));
  auto child = task.start_task();
  REQUIRE(appears(begun));
  child.signal(SIGTERM);

  CHECK(task.exit_code(child) == was_told);

  CHECK(task.values<int>() == std::vector<int>{1, 2});
  CHECK(task.entries().back().kind == entry_kind::ended);
  CHECK(task.entries().back().number == 143);
}

TEST_CASE("a task over two hosts maps over both, and another one on the same hosts does not mind") {
  const tests::scratch_directory meetings;
  std::vector<std::unique_ptr<task_on_disk>> tasks;
  std::vector<os::child_process> children;
  const std::uint16_t port = os::listen_on("127.0.1.9", 0).port;
  for (const std::string name : {"a", "b"}) {
    const std::vector<std::string> item{meetings.path() + "/" + name};
    tasks.push_back(std::make_unique<task_on_disk>(plan_of(wide, item, 2, 2)));
    session::link_place link;
    link.address = "127.0.1.9";
    link.port = port;
    link.ports = 8;
    link.identity = "task-" + name;
    link.key = os::make_link_key();
    session::write_link_file(tasks.back()->file(link_name), link);
  }
  const std::pair<std::string, std::string> told[] = {
      {session::agent_address_variable, "127.0.1.9"},
      {session::task_hosts_variable, "127.0.1.8,127.0.1.9"}};
  for (auto& task : tasks) {
    children.push_back(task->start_agent(told[children.size() / 2]));
    children.push_back(task->start_task("127.0.1.8,127.0.1.9"));
  }
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    CHECK(tasks[i]->exit_code(children[2 * i + 1]) == all_told);
    CHECK(tasks[i]->exit_code(children[2 * i]) == 0);
    const auto values = tasks[i]->values<std::vector<std::string>>();
    REQUIRE(values.size() == 1);
    CHECK(values[0].size() == 40);
    std::map<std::string, int> items_on;
    for (const auto& each : values[0])
      ++items_on[each];
    CHECK(items_on["127.0.1.8"] + items_on["127.0.1.9"] == 40);
    CHECK(items_on["127.0.1.9"] > 0);
    for (const auto& entry : tasks[i]->entries())
      if (entry.kind == entry_kind::progress) CHECK(to_fraction(entry) == 0.5);
  }
}

TEST_CASE("an agent that is never called ends when its link file is taken away") {
  task_on_disk task(plan_of(fateful, std::vector<int>{1}));
  session::link_place link;
  link.address = "127.0.1.9";
  link.port = os::listen_on(link.address, 0).port;
  link.identity = "task";
  link.key = os::make_link_key();
  session::write_link_file(task.file(link_name), link);
  auto agent = task.start_agent({session::agent_address_variable, link.address});
  REQUIRE(listens(link));
  std::filesystem::remove(task.file(link_name));
  CHECK(task.exit_code(agent) == 1);
}
