// SPDX-License-Identifier: MIT
#include "config/file.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include <doctest/doctest.h>
#include <clusterless/error.hpp>

#include "config/startup_script.hpp"
#include "config/test_files.hpp"

namespace config = clusterless::config;

namespace {

std::string refusal(const std::string& path) {
  try {
    config::read_small_file({path, "notes", "write them", 2048});
  } catch (const clusterless::error& refused) {
    CHECK(refused.kind() == clusterless::error_kind::misuse);
    return refused.what();
  }
  return "accepted";
}

std::string script_refusal(const std::string& path) {
  try {
    config::check_startup_script(path);
  } catch (const clusterless::error& refused) {
    return refused.what();
  }
  return "accepted";
}

// What `script_refusal` says to a user without rights, whoever runs the test.
std::string refusal_to_nobody(const std::string& path) {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    constexpr uid_t nobody = 65534;
    const bool dropped = ::geteuid() != 0 || (::setgid(nobody) == 0 && ::setuid(nobody) == 0);
    const std::string said = dropped ? script_refusal(path) : "cannot drop rights";
    const ssize_t written = ::write(ends[1], said.data(), said.size());
    ::_exit(written == static_cast<ssize_t>(said.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  std::string said(4096, '\0');
  const ssize_t got = ::read(ends[0], said.data(), said.size());
  ::close(ends[0]);
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  said.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return said;
}

}  // namespace

TEST_CASE("a small file is read whole, whatever its name") {
  const config::test_folder folder;
  const std::string bytes = std::string("a\0b\n", 4) + std::string(2000, 'x');

  CHECK(config::read_small_file({folder.write("two words\nand lines", bytes), "", "", 4096}) ==
        bytes);
  CHECK(config::read_small_file({folder.write("..empty", ""), "", "", 1}).empty());
  CHECK(!config::read_small_file({"/proc/self/status", "", "", 1U << 20}).empty());
}

TEST_CASE("a file that cannot be read is told with its path, the reason and the cure") {
  const config::test_folder folder;
  const std::string name = folder.path("absent\n");
  const std::string large = folder.write("large", std::string(2049, 'x'));
  const std::string pipe = folder.path("pipe");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);

  CHECK(refusal(name) == "cannot read the notes \"" + folder.path("absent\\n") +
                             "\": No such file or directory; write them");
  CHECK(refusal(folder.path("")) ==
        "cannot read the notes \"" + folder.path("") + "\": it is a directory; write them");
  CHECK(refusal(pipe) ==
        "cannot read the notes \"" + pipe + "\": it is not a regular file; write them");
  CHECK(refusal(large) ==
        "cannot read the notes \"" + large + "\": it is larger than 2 KiB; write them");
  CHECK(refusal(large + "/x") ==
        "cannot read the notes \"" + large + "/x\": Not a directory; write them");
  CHECK(refusal(std::string("a\0b", 3)) ==
        "cannot read the notes \"a\\x00b\": the path holds a zero byte; write them");
}

TEST_CASE("who else may read a file is seen in its mode") {
  const config::test_folder folder;
  const std::string path = folder.write("keys", "k");

  CHECK(!config::readable_by_others(path));
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  CHECK(config::readable_by_others(path));
  CHECK(!config::readable_by_others(folder.path("absent")));
}

TEST_CASE("a start-up script must be a readable file that holds something") {
  const config::test_folder folder;
  const std::string cure = "; correct the path given to create_pool or pool_options.startup_script";
  const std::string empty = folder.write("empty.sh", "");
  const std::string large = folder.write("large.sh", std::string((1U << 20) + 1, '#'));

  CHECK(script_refusal(folder.write("good one.sh", "#!/bin/sh\n")) == "accepted");
  CHECK(script_refusal(folder.path("absent.sh")) == "cannot read the start-up script \"" +
                                                        folder.path("absent.sh") +
                                                        "\": No such file or directory" + cure);
  CHECK(script_refusal(empty) ==
        "the start-up script \"" + empty + "\" is empty; write it, or give none to create_pool");
  CHECK(script_refusal(large) ==
        "cannot read the start-up script \"" + large + "\": it is larger than 1024 KiB" + cure);
}

TEST_CASE("a start-up script without read permission is refused") {
  const config::test_folder folder;
  const std::string path = folder.write("closed.sh", "#!/bin/sh\n");
  REQUIRE(::chmod(folder.path("").c_str(), 0755) == 0);
  REQUIRE(::chmod(path.c_str(), 0000) == 0);

  CHECK(refusal_to_nobody(path) ==
        "cannot read the start-up script \"" + path +
            "\": Permission denied; correct the path given to create_pool or "
            "pool_options.startup_script");
}
