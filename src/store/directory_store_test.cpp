// SPDX-License-Identifier: MIT
#include "store/directory_store.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <clusterless/error.hpp>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>

#include "support/scratch_directory.hpp"

using namespace clusterless;
using namespace clusterless::store;
namespace fs = std::filesystem;

namespace {

bytes as_bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

mode_t mode_of(const std::string& path) {
  struct stat info = {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777;
}

std::string message_of(const std::function<void()>& call, error_kind kind) {
  try {
    call();
  } catch (const error& e) {
    CHECK(e.kind() == kind);
    return e.what();
  }
  return "(no error)";
}

class environment_guard {
 public:
  explicit environment_guard(const char* name) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
  }
  ~environment_guard() { old_.empty() ? ::unsetenv(name_) : ::setenv(name_, old_.c_str(), 1); }

 private:
  const char* name_;
  std::string old_;
};

/// Runs `body` in a child process; returns its exit status, 255 when it threw.
int in_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    int status = 255;
    try {
      status = body();
    } catch (...) {
    }
    ::_exit(status);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("a directory store is private to its owner and made by the first write") {
  const tests::scratch_directory place;
  const std::string path = place.path() + "/deep/state";
  const auto in = open_directory_store(path);

  CHECK(in->list("").empty());
  CHECK(!in->get("a"));
  CHECK(in->remove("a").empty());
  CHECK(!in->held_by("a"));
  CHECK(!fs::exists(path));

  in->put("jobs/x/manifest", as_bytes("m"));
  in->append_to("jobs/x/log")->sync();
  CHECK(mode_of(path) == 0700);
  CHECK(mode_of(path + "/jobs") == 0700);
  CHECK(mode_of(path + "/jobs/x/manifest") == 0600);
  CHECK(mode_of(path + "/jobs/x/log") == 0600);
  CHECK(std::distance(fs::directory_iterator(path + "/jobs/x"), {}) == 2);
}

TEST_CASE("the store path follows the environment") {
  const environment_guard a("CLUSTERLESS_STORE"), b("XDG_STATE_HOME"), c("HOME");
  ::setenv("CLUSTERLESS_STORE", "/s/one", 1);
  ::setenv("XDG_STATE_HOME", "/s/two", 1);
  ::setenv("HOME", "/s/three", 1);
  CHECK(default_store_path() == "/s/one");
  ::setenv("CLUSTERLESS_STORE", "", 1);
  CHECK(default_store_path() == "/s/two/clusterless");
  ::setenv("XDG_STATE_HOME", "relative", 1);
  CHECK(default_store_path() == "/s/three/.local/state/clusterless");
  ::unsetenv("XDG_STATE_HOME");
  ::unsetenv("HOME");
  CHECK(message_of([] { default_store_path(); }, error_kind::misuse).find("CLUSTERLESS_STORE") !=
        std::string::npos);
}

TEST_CASE("a relative store path does not follow the working directory") {
  const tests::scratch_directory place;
  const fs::path before = fs::current_path();
  fs::current_path(place.path());
  const auto in = open_directory_store("here/");
  fs::current_path(before);
  in->put("a", as_bytes("1"));
  CHECK(fs::exists(place.path() + "/here/a"));
}

TEST_CASE("a store that others may write to is refused") {
  const tests::scratch_directory place;
  for (const mode_t open_to_others : {0720u, 0702u, 0777u}) {
    ::chmod(place.path().c_str(), open_to_others);
    const auto in = open_directory_store(place.path());
    const std::string told = message_of([&] { in->put("a", {}); }, error_kind::misuse);
    CHECK(told.find("store " + place.path() + " may be written by other users") == 0);
    CHECK_THROWS_AS(in->list(""), error);
  }
  ::chmod(place.path().c_str(), 0750);
  CHECK_NOTHROW(open_directory_store(place.path())->put("a", {}));
}

TEST_CASE("a store that belongs to somebody else is refused") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: only the superuser can give a directory away");
    return;
  }
  const tests::scratch_directory place;
  REQUIRE(::chown(place.path().c_str(), 4711, 4711) == 0);
  const std::string told =
      message_of([&] { open_directory_store(place.path())->get("a"); }, error_kind::misuse);
  CHECK(told.find("belongs to user 4711, not to you (user 0)") != std::string::npos);
  CHECK(told.find("CLUSTERLESS_STORE") != std::string::npos);
}

TEST_CASE("a store path that is a file or cannot be made is told as such") {
  const tests::scratch_directory place;
  open_directory_store(place.path())->put("file", as_bytes("x"));
  const auto on_file = open_directory_store(place.path() + "/file");
  CHECK(message_of([&] { on_file->put("a", {}); }, error_kind::failed).find("Not a directory") !=
        std::string::npos);
  const auto below_file = open_directory_store(place.path() + "/file/store");
  CHECK(message_of([&] { below_file->put("a", {}); }, error_kind::failed)
            .find("cannot make the store " + place.path() + "/file/store") == 0);
}

TEST_CASE("a directory without permission to write says to choose another one") {
  if (::geteuid() == 0) {
    MESSAGE("skipped: permissions do not bind the superuser; see the read-only file system");
    return;
  }
  const tests::scratch_directory place;
  ::chmod(place.path().c_str(), 0500);
  const auto in = open_directory_store(place.path());
  CHECK(message_of([&] { in->put("a", {}); }, error_kind::misuse)
            .find("Permission denied; choose another directory with CLUSTERLESS_STORE") !=
        std::string::npos);
  ::chmod(place.path().c_str(), 0700);
}

TEST_CASE("a read-only store can be read, and says to choose another one when written to") {
  tests::small_file_system disk("1m");
  if (!disk.mounted()) {
    MESSAGE("skipped: " << disk.why_not());
    return;
  }
  open_directory_store(disk.path())->put("jobs/a", as_bytes("kept"));
  disk.make_read_only();
  const auto in = open_directory_store(disk.path());

  CHECK(in->get("jobs/a")->size() == 4);
  CHECK(in->list("").size() == 1);
  for (const auto& call : std::vector<std::function<void()>>{
           [&] { in->put("jobs/b", as_bytes("x")); }, [&] { in->put_new("jobs/b", {}); },
           [&] { in->put("deeper/b", {}); }, [&] { in->append_to("jobs/log"); },
           [&] { in->try_hold("holds/x"); }}) {
    const std::string told = message_of(call, error_kind::misuse);
    CHECK(told.find(disk.path()) != std::string::npos);
    CHECK(told.find("Read-only file system; choose another directory with CLUSTERLESS_STORE") !=
          std::string::npos);
  }
  const auto left = in->remove("jobs");
  REQUIRE(left.size() == 1);
  CHECK(left[0].key == "jobs/a");
  CHECK(left[0].reason == "Read-only file system");
}

TEST_CASE("a full store says so, and keeps what it had") {
  tests::small_file_system disk("1m");
  if (!disk.mounted()) {
    MESSAGE("skipped: " << disk.why_not());
    return;
  }
  const auto in = open_directory_store(disk.path());
  in->put("a", as_bytes("old"));
  const auto log = in->append_to("log");
  const std::string line = "a line\n";
  const bytes part = as_bytes(line);
  log->append({&part, 1});
  const std::string large(2u << 20, 'x');
  const bytes large_part = as_bytes(large);

  const std::string told = message_of([&] { in->put("a", as_bytes(large)); }, error_kind::busy);
  CHECK(told.find("store " + disk.path() + " is full: 2097152 bytes could not be written") == 0);
  CHECK(told.find("nothing that was committed is lost") != std::string::npos);
  CHECK_THROWS_AS(in->put_new("b", as_bytes(large)), error);
  CHECK_THROWS_AS(log->append({&large_part, 1}), error);

  CHECK(in->get("a")->size() == 3);
  CHECK(!in->size("b"));
  CHECK(in->size("log") == line.size());
  CHECK(std::distance(fs::directory_iterator(disk.path()), {}) == 2);
  log->append({&part, 1});
  CHECK(in->size("log") == 2 * line.size());
}

TEST_CASE("of two processes that create the same object one wins, every time") {
  const tests::scratch_directory place;
  const auto in = open_directory_store(place.path());
  constexpr int rounds = 100;
  int go[2];
  REQUIRE(::pipe(go) == 0);
  std::vector<pid_t> children;
  for (int who = 0; who < 2; ++who) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      char start;
      ::close(go[1]);
      int won = ::read(go[0], &start, 1) == 0 ? 0 : 255;  // the parent's end closes: both go
      const std::string mine(1000, static_cast<char>('a' + who));
      for (int i = 0; i < rounds && won != 255; ++i)
        won += in->put_new("race/" + std::to_string(i), as_bytes(mine));
      ::_exit(won);
    }
    children.push_back(child);
  }
  ::close(go[0]);
  ::close(go[1]);
  int wins = 0;
  for (const pid_t child : children) {
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    wins += WEXITSTATUS(status);
  }
  CHECK(wins == rounds);
  for (int i = 0; i < rounds; ++i) {
    const auto content = in->get("race/" + std::to_string(i));
    REQUIRE(content->size() == 1000);
    CHECK(content->data()[0] == content->data()[999]);
  }
}

TEST_CASE("a hold keeps other processes out, names its holder, and dies with it") {
  const tests::scratch_directory place;
  const auto in = open_directory_store(place.path());
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const auto right = open_directory_store(place.path())->try_hold("holds/x");
    const char answer = right ? 'y' : 'n';
    if (::write(ready[1], &answer, 1) != 1) ::_exit(1);
    for (;;)
      ::pause();
  }
  char answer = 0;
  REQUIRE(::read(ready[0], &answer, 1) == 1);
  REQUIRE(answer == 'y');

  CHECK(!in->try_hold("holds/x"));
  const auto who = in->held_by("holds/x");
  REQUIRE(who);
  CHECK(who->pid == child);
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  CHECK(to_string(*who) == "process " + std::to_string(child) + " on host " + host);

  ::kill(child, SIGKILL);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(!in->held_by("holds/x"));
  const auto mine = in->try_hold("holds/x");
  CHECK(mine);
  CHECK(in_child([&] { return open_directory_store(place.path())->try_hold("holds/x") ? 1 : 0; }) ==
        0);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("a hold on a file that was removed meanwhile does not count") {
  const tests::scratch_directory place;
  const auto in = open_directory_store(place.path());
  auto old = in->try_hold("holds/x");
  REQUIRE(old);
  in->remove("holds/x");
  const auto fresh = in->try_hold("holds/x");
  CHECK(fresh);
  old.reset();
  CHECK(!in->try_hold("holds/x"));
}

TEST_CASE("the identity in a hold may be any bytes") {
  const tests::scratch_directory place;
  const auto in = open_directory_store(place.path());
  const auto mine = in->try_hold("h");
  for (const std::string& text : {std::string("pid 99999999999999999999999\nhost"),
                                  std::string(5000, '\n'), std::string("\0\xff pid", 6)}) {
    const int fd = ::open((place.path() + "/h").c_str(), O_WRONLY | O_TRUNC);
    REQUIRE(::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    ::close(fd);
    const auto who = in->held_by("h");
    REQUIRE(who);
    CHECK(who->host == "unknown");
  }
}

TEST_CASE(
    "files that are no objects are neither shown nor followed, and removed with their folder") {
  const tests::scratch_directory place;
  const std::string outside = place.path() + "/outside";
  const std::string path = place.path() + "/store";
  const auto in = open_directory_store(path);
  in->put("jobs/x/a", as_bytes("1"));
  fs::create_directory(outside);
  open_directory_store(outside)->put("precious", as_bytes("p"));
  fs::create_symlink(outside, path + "/jobs/x/link");
  fs::create_symlink(outside + "/precious", path + "/jobs/x/file");
  open_directory_store(path + "/jobs/x")->put("name", {});
  fs::rename(path + "/jobs/x/name", path + "/jobs/x/.new-left-by a crash\n");

  CHECK(in->list("").size() == 1);
  CHECK_THROWS_AS(in->get("jobs/x/file"), error);
  CHECK(in->remove("jobs/x").empty());
  CHECK(!fs::exists(path + "/jobs/x"));
  CHECK(fs::exists(outside + "/precious"));
}

TEST_CASE("a pipe in the place of an object or a hold is not waited for") {
  const tests::scratch_directory place;
  const auto in = open_directory_store(place.path());
  REQUIRE(in->put_new("x", as_bytes("content")));
  REQUIRE(::mkfifo((place.path() + "/object").c_str(), 0600) == 0);
  REQUIRE(::mkfifo((place.path() + "/hold").c_str(), 0600) == 0);

  CHECK_FALSE(in->get("object"));
  std::byte some[8];
  CHECK_THROWS_AS(in->read("object", 0, some), error);
  CHECK_FALSE(in->held_by("hold"));
  CHECK_THROWS_AS(in->try_hold("hold"), error);
}

TEST_CASE("a key cannot be both an object and a folder") {
  const tests::scratch_directory place;
  const auto in = open_directory_store(place.path());
  in->put("a", as_bytes("1"));
  in->put("d/e", as_bytes("1"));
  CHECK_THROWS_AS(in->put("a/b", {}), error);
  CHECK_THROWS_AS(in->put("d", {}), error);
  CHECK(!in->get("d"));
  CHECK(std::distance(fs::directory_iterator(place.path()), {}) == 2);
}
