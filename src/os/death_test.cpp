// SPDX-License-Identifier: MIT
#include "os/death.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "os/crashing_child_test.hpp"

namespace fs = std::filesystem;
using clusterless::cause;
using namespace clusterless::os;
using namespace crash_tests;

namespace {

// Wait statuses as waitpid gives them.
constexpr int exited(int code) {
  return code << 8;
}
constexpr int signalled(int signal) {
  return signal;
}

template <class F>
death death_in(F body, own_kill ours = own_kill::none) {
  crashing_child child(body);
  const int status = child.wait();
  return cause_of_death({.wait_status = status, .ours = ours, .record = &child.record()});
}

[[gnu::noinline]] int fill_stack(int depth) {
  volatile char room[512];
  room[0] = static_cast<char>(depth);
  if (depth < 0) return 0;
  return fill_stack(depth + 1) + room[0];
}

struct temporary_folder {
  fs::path path;
  temporary_folder() {
    std::string name = (fs::temp_directory_path() / "clusterless-death-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~temporary_folder() { fs::remove_all(path); }
  std::string write(const std::string& name, const std::string& text) const {
    fs::create_directories((path / name).parent_path());
    std::ofstream(path / name) << text;
    return (path / name).string();
  }
};

bool write_file(const fs::path& file, const std::string& text) {
  std::ofstream out(file);
  out << text << std::flush;
  return out.good();
}

// A cgroup below our own with a small limit of memory; empty path when the system forbids it.
struct small_cgroup {
  fs::path path;
  explicit small_cgroup(std::uint64_t bytes) {
    for (const std::string& counter : oom_counter_files(::getpid())) {
      const bool unified = counter.ends_with("memory.events");
      if (!unified && !counter.ends_with("memory.oom_control")) continue;
      path = fs::path(counter).parent_path() / ("clusterless-test-" + std::to_string(::getpid()));
      std::error_code failed;
      const fs::path limit = path / (unified ? "memory.max" : "memory.limit_in_bytes");
      if (fs::create_directory(path, failed) && fs::exists(limit, failed) &&
          write_file(limit, std::to_string(bytes)))
        return;
      ::rmdir(path.c_str());
      path.clear();
    }
  }
  ~small_cgroup() {
    if (!path.empty()) ::rmdir(path.c_str());
  }
};

}  // namespace

TEST_CASE("a fault is a crash that names signal and address") {
  const death d = death_in([] { *null_pointer = 1; });

  CHECK(d.cause == cause::crashed);
  CHECK(d.type == "SIGSEGV");
  CHECK(d.message == "segmentation fault (SIGSEGV) at address 0x0");
}

TEST_CASE("an abort is a crash") {
  const death d = death_in([] { std::abort(); });

  CHECK(d.cause == cause::crashed);
  CHECK(d.type == "SIGABRT");
  CHECK(d.message == "abort (SIGABRT)");
}

TEST_CASE("a stack overflow is called by its name") {
  const death d = death_in([] { ::_exit(fill_stack(0)); });

  CHECK(d.cause == cause::crashed);
  CHECK(d.message.starts_with("stack overflow (SIGSEGV) at address 0x"));
}

TEST_CASE("an exit inside an item is told with its code, zero too") {
  const death three = death_in([] { ::_exit(3); });
  CHECK(three.cause == cause::exited);
  CHECK(three.type == "");
  CHECK(three.message == "exit code 3 inside an item");

  CHECK(death_in([] { ::_exit(0); }).message == "exit code 0 inside an item");
  CHECK(cause_of_death({.wait_status = exited(1), .in_item = false}).message ==
        "exit code 1 outside an item");
}

TEST_CASE("a kill from outside is told as such") {
  crashing_child child([] {
    for (;;)
      ::pause();
  });
  ::kill(child.process(), SIGKILL);

  const death d = cause_of_death({.wait_status = child.wait(), .record = &child.record()});

  CHECK(d.cause == cause::killed);
  CHECK(d.type == "SIGKILL");
  CHECK(d.message == "killed by signal 9 (SIGKILL) from outside");
}

TEST_CASE("a crash signal sent by another process is a kill that names the sender") {
  const shared_counter turns;
  crashing_child child([&] {
    for (;;)
      *turns.value = *turns.value + 1;
  });
  REQUIRE(turns.wait_until(1));
  ::kill(child.process(), SIGSEGV);

  const death d = cause_of_death({.wait_status = child.wait(), .record = &child.record()});

  CHECK(d.cause == cause::killed);
  CHECK(d.message == "killed by signal 11 (SIGSEGV) from process " + std::to_string(::getpid()));
}

TEST_CASE("what the supervisor did wins over the wait status") {
  for (const int status : {signalled(SIGKILL), signalled(SIGTERM), exited(0)}) {
    CAPTURE(status);
    CHECK(cause_of_death({.wait_status = status, .ours = own_kill::cancel}).cause ==
          cause::cancelled);
    CHECK(cause_of_death({.wait_status = status, .ours = own_kill::node_loss}).cause ==
          cause::node_lost);
    const death late = cause_of_death({.wait_status = status,
                                       .ours = own_kill::timeout,
                                       .oom_kills = 1,
                                       .timeout = std::chrono::milliseconds(1500)});
    CHECK(late.cause == cause::timed_out);
    CHECK(late.message.starts_with("ran longer than its timeout of 1.5 s"));
  }
}

TEST_CASE("only a crash with a full record wins over a timeout") {
  CHECK(death_in([] { *null_pointer = 1; }, own_kill::timeout).cause == cause::crashed);
  CHECK(death_in([] { *null_pointer = 1; }, own_kill::cancel).cause == cause::cancelled);
  CHECK(cause_of_death({.wait_status = signalled(SIGSEGV), .ours = own_kill::timeout}).cause ==
        cause::timed_out);
}

TEST_CASE("the record of a stack request says nothing about the death") {
  crashing_child child([] { ::raise(stack_request_signal); });
  child.wait();
  REQUIRE(complete(child.record()));

  const death d = cause_of_death({.wait_status = signalled(SIGSEGV), .record = &child.record()});

  CHECK(d.cause == cause::crashed);
  CHECK(d.message == "segmentation fault (SIGSEGV)");
}

TEST_CASE("a kill is the kernel's when its counter has moved") {
  const death d = cause_of_death(
      {.wait_status = signalled(SIGKILL), .oom_kills = 1, .peak_bytes = std::uint64_t{300} << 20});
  CHECK(d.cause == cause::out_of_memory);
  CHECK(
      d.message.starts_with("killed by the kernel for lack of memory when it had used up to 300"));

  CHECK(cause_of_death({.wait_status = signalled(SIGTERM), .oom_kills = 1}).cause == cause::killed);
  CHECK(cause_of_death({.wait_status = signalled(SIGKILL)}).cause == cause::killed);
}

TEST_CASE("limits of the system and closed pipes are the item's own doing") {
  CHECK(cause_of_death({.wait_status = signalled(SIGXCPU)}).cause == cause::crashed);
  CHECK(cause_of_death({.wait_status = signalled(SIGPIPE)}).message ==
        "write to a closed pipe or socket (SIGPIPE)");
  CHECK(cause_of_death({.wait_status = signalled(SIGHUP)}).cause == cause::killed);
  CHECK(signal_name(SIGUSR1) == "SIGUSR1");
  CHECK(signal_name(40) == "signal 40");
}

TEST_CASE("the counter is read from the first file that has it, and only from that") {
  const temporary_folder folder;
  const std::string without = folder.write("a", "low 0\noom 3\noom_group_kill 9\n");
  const std::string with = folder.write("b", "oom 3\noom_kill 7\noom_group_kill 9\n");
  const std::string later = folder.write("c", "oom_kill 100\n");

  const oom_counter counter({(folder.path / "absent").string(), without, with, later});

  CHECK(counter.source() == with);
  CHECK(counter.read() == 7);
  folder.write("b", "oom_kill 8\n");
  CHECK(counter.read() == 8);
  fs::remove(with);
  CHECK_FALSE(counter.read().has_value());
  CHECK_FALSE(oom_counter({without}).read().has_value());
}

TEST_CASE("the counters of a process are found in both versions of cgroups") {
  const temporary_folder folder;
  folder.write("proc/7/cgroup", "4:cpu,memory:/batch/7\n1:name=systemd:/\n0::/user.slice/a:b\n");
  folder.write("proc/7/mountinfo",
               "30 1 0:26 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw\n"
               "35 1 0:32 /batch /sys/fs/cgroup/with\\040blank rw - cgroup cgroup rw,memory\n");
  const std::string root = folder.path.string();

  CHECK(oom_counter_files(7, root) ==
        std::vector<std::string>{root + "/sys/fs/cgroup/user.slice/a:b/memory.events",
                                 root + "/sys/fs/cgroup/with blank/7/memory.oom_control",
                                 root + "/proc/vmstat"});
  CHECK(oom_counter_files(8, root) == std::vector<std::string>{root + "/proc/vmstat"});
}

TEST_CASE("this machine has a counter") {
  CHECK(oom_counter(oom_counter_files(::getpid())).read().has_value());
}

TEST_CASE("a real kill by the kernel in a small cgroup is told from other kills") {
  const small_cgroup group(std::uint64_t{32} << 20);
  if (group.path.empty()) {
    MESSAGE("skipped: no cgroup with a memory limit can be made here");
    return;
  }
  const shared_counter stage;
  crashing_child child([&] {
    if (!write_file(group.path / "cgroup.procs", std::to_string(::getpid()))) ::_exit(9);
    *stage.value = 1;
    if (!wait_for([&] { return *stage.value == 2; })) ::_exit(8);
    constexpr std::size_t bytes = std::size_t{256} << 20;
    auto* memory = static_cast<volatile char*>(std::malloc(bytes));
    for (std::size_t i = 0; i < bytes; i += 4096)
      memory[i] = 1;
  });
  REQUIRE(stage.wait_until(1));
  const oom_counter counter(oom_counter_files(child.process()));
  const std::uint64_t before = counter.read().value_or(0);
  *stage.value = 2;

  const int status = child.wait();
  const std::uint64_t kills = counter.read().value_or(0) - before;

  CHECK(fs::path(counter.source()).parent_path() == group.path);
  CHECK(kills == 1);
  CHECK(cause_of_death({.wait_status = status, .record = &child.record(), .oom_kills = kills})
            .cause == cause::out_of_memory);
}
