// SPDX-License-Identifier: MIT
#include "os/symbolise.hpp"

#include <doctest/doctest.h>
#include <poll.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "os/crashing_child_test.hpp"
#include "os/trace_reader.hpp"

namespace fs = std::filesystem;
using namespace clusterless::os;
using namespace crash_tests;

// Functions to crash in; lines are counted from the one that holds `first_line`. What follows a
// call keeps it from becoming a jump, which would leave no frame.
namespace crash_site {

constexpr int first_line = __LINE__;
[[gnu::noinline]] static int read_at(const int* where) {
  return *static_cast<const volatile int*>(where);  // first_line + 2
}
[[gnu::noinline]] int outer(const std::string& name) {
  return read_at(null_pointer) + static_cast<int>(name.size());  // first_line + 5
}
[[gnu::always_inline]] inline int inlined(const int* where) {
  return *static_cast<const volatile int*>(where);  // first_line + 8
}
[[gnu::noinline]] int host() {
  return inlined(null_pointer) + 1;  // first_line + 11
}
[[gnu::noinline]] void call(int (*f)(int)) {
  volatile int kept = f(1);  // first_line + 14
  kept = kept + 1;
}
[[gnu::noinline]] int overflow(int depth) {
  volatile char room[256];
  room[0] = static_cast<char>(depth);
  if (depth < 0) return 0;
  return overflow(depth + 1) + room[0];  // first_line + 21
}
[[gnu::noinline]] void thrower() {
  throw std::runtime_error("lost");  // first_line + 24
}
int compare(const void*, const void* b) {
  return *null_pointer + *static_cast<const int*>(b);  // first_line + 27
}
// The code of a sanitizer's checks has no line.
__attribute__((noreturn, noinline, no_sanitize("address", "undefined"))) void spin(
    volatile long* turns) {
  for (;;)
    *turns = *turns + 1;  // first_line + 33, or the loop's + 32
}

}  // namespace crash_site

// What stands below an item on a real stack.
namespace clusterless::session_stand_in {

template <class F>
[[gnu::noinline]] void run_item(F f) {
  f();
  asm volatile("" ::: "memory");
}

}  // namespace clusterless::session_stand_in

namespace {

template <class F>
std::string trace_of(F body) {
  crashing_child child(body);
  child.wait();
  return describe_trace(child.record());
}

std::string at_line(int offset) {
  return "symbolise_test.cpp:" + std::to_string(crash_site::first_line + offset);
}

std::string line_of(const std::string& trace, const std::string& part) {
  std::istringstream in(trace);
  for (std::string line; std::getline(in, line);)
    if (has(line, part)) return line;
  return "";
}

struct temporary_folder {
  fs::path path;
  temporary_folder() {
    std::string name = (fs::temp_directory_path() / "clusterless-symbolise-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~temporary_folder() { fs::remove_all(path); }
};

// Runs the test case below in another program and returns the trace that it wrote.
std::string trace_by(const std::string& program, const fs::path& folder, bool removes_itself) {
  const fs::path out = folder / "trace";
  ::setenv("SYMBOLISE_TEST_OUT", out.c_str(), 1);
  ::setenv("SYMBOLISE_TEST_REMOVES", removes_itself ? "1" : "0", 1);
  const std::string command =
      program + " --no-skip --test-case='writes the trace of a crash*' >/dev/null";
  CHECK(std::system(command.c_str()) == 0);
  ::unsetenv("SYMBOLISE_TEST_OUT");
  std::stringstream text;
  text << std::ifstream(out).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("a trace is read beside other work, and told when it is there") {
  crashing_child child([] { crash_site::outer("x"); });
  child.wait();
  clusterless::os::trace_reader beside(child.record());
  pollfd done{beside.done_fd(), POLLIN, 0};
  REQUIRE(::poll(&done, 1, 60'000) == 1);
  CHECK(beside.text() == describe_trace(child.record()));
}

TEST_CASE("writes the trace of a crash to a file for the tests below" * doctest::skip()) {
  const char* out = std::getenv("SYMBOLISE_TEST_OUT");
  if (out == nullptr) return;
  if (std::strcmp(std::getenv("SYMBOLISE_TEST_REMOVES"), "1") == 0)
    fs::remove(fs::read_symlink("/proc/self/exe"));
  std::ofstream(out) << trace_of([] { crash_site::outer("x"); });
}

TEST_CASE("the first line names the faulting function, also a static one, and its line") {
  const std::string trace = trace_of([] { crash_site::outer("x"); });

  INFO(trace);
  CHECK(trace.starts_with("#0 crash_site::read_at(int const*)"));
  CHECK(has(line_of(trace, "#0"), at_line(2)));
  CHECK(line_of(trace, "#1").starts_with("#1 crash_site::outer(std::string const&) at "));
  CHECK(has(line_of(trace, "#1"), at_line(5)));
}

TEST_CASE("an inlined function has a line of its own") {
  const std::string trace = trace_of([] { ::_exit(crash_site::host()); });

  INFO(trace);
  CHECK(has(line_of(trace, "#0"), at_line(8)));
  CHECK(has(line_of(trace, "#0"), "inlined"));
  CHECK(has(line_of(trace, "#1"), at_line(11)));
  CHECK(has(line_of(trace, "#1"), "crash_site::host()"));
}

TEST_CASE("a lambda is named by its function") {
  const std::string trace =
      trace_of([] { crash_site::call([](int x) { return *null_pointer + x; }); });

  INFO(trace);
  CHECK(has(line_of(trace, "#0"), "operator()"));
  CHECK(has(trace, "{lambda(int)#1}"));
  CHECK(has(trace, at_line(14)));
}

TEST_CASE("frames below the item's function are counted, not shown") {
  const std::string trace =
      trace_of([] { clusterless::session_stand_in::run_item([] { crash_site::outer("x"); }); });

  INFO(trace);
  CHECK_FALSE(has(trace, "run_item"));
  CHECK_FALSE(has(trace, "#4"));
  CHECK(has(trace, "frames of clusterless)"));
  CHECK(trace.find('\n', trace.find("… (")) == std::string::npos);
}

TEST_CASE("a stack overflow names the recursing function once, and who called it") {
  const std::string trace = trace_of([] { ::_exit(crash_site::overflow(0)); });

  INFO(trace);
  CHECK(line_of(trace, "#0").starts_with("#0 crash_site::overflow(int) at "));
  CHECK(has(trace, at_line(21)));
  CHECK(has(trace, "times more)"));
  CHECK(has(trace, "frames not kept)"));
  CHECK(has(trace, "overflow(0)") == false);
  CHECK(std::count(trace.begin(), trace.end(), '\n') < 40);
}

TEST_CASE("an uncaught exception in a thread shows where it was thrown") {
  const std::string trace = trace_of([] { std::thread(crash_site::thrower).join(); });

  INFO(trace);
  CHECK(has(line_of(trace, "crash_site::thrower()"), at_line(24)));
  CHECK(has(trace, "frames that start the program)"));
}

TEST_CASE("functions of shared libraries are named too") {
  const std::string trace = trace_of([] {
    int values[] = {3, 2, 1};
    std::qsort(values, 3, sizeof values[0], crash_site::compare);
  });

  INFO(trace);
  CHECK(has(line_of(trace, "#0"), "crash_site::compare(void const*, void const*)"));
  CHECK(has(line_of(trace, "#0"), at_line(27)));
  CHECK(has(trace, "qsort"));
}

TEST_CASE("a call of a null function shows who called it") {
  static int (*volatile nothing)(int) = nullptr;

  const std::string trace = trace_of([] { crash_site::call(nothing); });

  INFO(trace);
  CHECK(has(line_of(trace, "#0"), "#0 0x0 (in no file)"));
  CHECK(has(line_of(trace, "#1"), at_line(14)));
}

TEST_CASE("a hanging process that is asked shows where it hangs" * doctest::skip(under_tsan)) {
  const shared_counter turns;
  crashing_child child([&] { crash_site::spin(turns.value); });
  REQUIRE(turns.wait_until(1000));

  ::kill(child.process(), stack_request_signal);

  REQUIRE(child.wait_for_record());
  const std::string trace = describe_trace(child.record());
  INFO(trace);
  CHECK(has(trace, "crash_site::spin(long volatile*)"));
  const bool in_loop = has(trace, at_line(32)) || has(trace, at_line(33));
  CHECK(in_loop);
}

TEST_CASE("another file under the same path gives no names but a note") {
  crashing_child child([] { crash_site::outer("x"); });
  child.wait();
  crash_record& record = child.record();
  REQUIRE(complete(record));
  const std::string program = fs::read_symlink("/proc/self/exe").string();

  for (crash_module& module : record.modules)
    if (module.path == program) module.inode += 1;

  const std::string trace = describe_trace(record);
  INFO(trace);
  CHECK_FALSE(has(trace, "read_at"));
  CHECK(line_of(trace, "#0").starts_with("#0 " + fs::path(program).filename().string() + "+0x"));
  CHECK(has(trace, "(no names for " + program + ": the crashed process had loaded another build"));
}

TEST_CASE("a file that only the crashed process had mapped gives its name and the offset in it") {
  crashing_child child([] { crash_site::outer("x"); });
  child.wait();
  crash_record& record = child.record();
  REQUIRE(complete(record));
  const std::uint64_t offset = record.frames[0] - record.modules[0].begin;

  record.modules[0].inode = 0;
  record.modules[0].file_offset = 0;
  std::strcpy(record.modules[0].path, "/opt/plugins/libwaves.so");

  std::stringstream wanted;
  wanted << "#0 libwaves.so+0x" << std::hex << offset << "\n";
  CHECK(describe_trace(record).starts_with(wanted.str()));
}

TEST_CASE("a program that was deleted while running still names its functions") {
  const temporary_folder folder;
  fs::copy_file("/proc/self/exe", folder.path / "copy");

  const std::string trace = trace_by(folder.path / "copy", folder.path, true);

  INFO(trace);
  CHECK_FALSE(fs::exists(folder.path / "copy"));
  CHECK(trace.starts_with("#0 crash_site::read_at(int const*)"));
  CHECK(has(line_of(trace, "#0"), at_line(2)));
}

TEST_CASE("a program that was started through the dynamic linker names its functions") {
  const temporary_folder folder;
  const fs::path program = fs::read_symlink("/proc/self/exe");
  for (const char* linker : {"/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"}) {
    if (!fs::exists(linker)) continue;

    const std::string trace = trace_by(linker + (" " + program.string()), folder.path, false);

    INFO(trace);
    CHECK(trace.starts_with("#0 crash_site::read_at(int const*)"));
    CHECK(has(line_of(trace, "#0"), at_line(2)));
  }
}

TEST_CASE("a program without debug information still names its functions") {
  const temporary_folder folder;
  const fs::path copy = folder.path / "no_debug";
  if (std::system(("strip -g -o " + copy.string() + " /proc/$PPID/exe").c_str()) != 0) {
    MESSAGE("skipped: strip (binutils) is not here");
    return;
  }

  const std::string trace = trace_by(copy, folder.path, false);

  INFO(trace);
  CHECK(trace.starts_with("#0 crash_site::read_at(int const*)\n"));
  CHECK(has(trace, "#1 crash_site::outer(std::string const&)\n"));
}

TEST_CASE("a stripped program gives offsets and says why") {
  const temporary_folder folder;
  const fs::path copy = folder.path / "stripped";
  if (std::system(("strip -o " + copy.string() + " /proc/$PPID/exe").c_str()) != 0) {
    MESSAGE("skipped: strip (binutils) is not here");
    return;
  }

  const std::string trace = trace_by(copy, folder.path, false);

  INFO(trace);
  CHECK(trace.starts_with("#0 stripped+0x"));
  CHECK(has(trace, "(no names for " + copy.string() + ": it was stripped of its symbols)"));
}

TEST_CASE("an empty record gives an empty trace") {
  CHECK(describe_trace(*std::make_unique<crash_record>()).empty());
}

TEST_CASE("functions of this program have names, data and wild addresses an offset at most") {
  const auto address = [](auto* f) { return reinterpret_cast<const void*>(f); };
  CHECK(symbol_name(address(&crash_site::outer)) == "crash_site::outer(std::string const&)");
  CHECK(symbol_name(address(&crash_site::read_at)) == "crash_site::read_at(int const*)");
  CHECK(symbol_name(address(&crash_site::outer)) == "crash_site::outer(std::string const&)");
  CHECK(symbol_name(address(&std::abort)) == "abort");
  CHECK(symbol_name(reinterpret_cast<const void*>(std::uintptr_t{16})) == "0x10 (in no file)");
}
