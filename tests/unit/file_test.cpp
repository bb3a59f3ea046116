// SPDX-License-Identifier: MIT
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <clusterless/file.hpp>

#include "support/scratch_directory.hpp"
#include "unit/round_trip.hpp"

using namespace clusterless;
using namespace clusterless::tests;
namespace fs = std::filesystem;

namespace {

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}
mode_t mode_of(const std::string& path) {
  struct stat facts {};
  REQUIRE(::stat(path.c_str(), &facts) == 0);
  return facts.st_mode & 0777;
}
std::size_t count_in(const std::string& directory) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
}
encoded file_bytes(const std::string& name, const std::string& text) {
  detail::buffer bytes;
  writer out(bytes);
  codec<std::string>::put(out, name);
  out.put_raw(std::uint32_t{0100644});
  codec<std::string>::put(out, text);
  return {bytes.data(), bytes.data() + bytes.size()};
}

}  // namespace

TEST_CASE("a file comes back with its name, its contents and its permissions") {
  const scratch_directory here;
  for (const std::string name : {"plain.dat", "with spaces  and\ttabs", "line\nbreak", "-rf",
                                 ".hidden", "\xc3\xa9t\xc3\xa9", "..twice", "a;b'c\"d$e`f"}) {
    const std::string path = here.path() + "/" + name;
    const std::string text = std::string("a\0b\n", 4) + name;
    write(path, text);
    REQUIRE(::chmod(path.c_str(), 0640) == 0);

    const file back = decode<file>(encode(file(path)));
    CHECK(back.name() == name);
    CHECK(back.contents() == text);
    CHECK(back.size() == text.size());
    CHECK(content(back.path()) == text);
    CHECK(mode_of(back.path()) == 0640);
    CHECK(fs::path(back.path()).filename() == name);
    check_hostile(back);
  }
}

TEST_CASE("a file of no bytes, and one with the longest name there is") {
  const scratch_directory here;
  write(here.path() + "/empty", "");
  CHECK(decode<file>(encode(file(here.path() + "/empty"))).contents().empty());
  const std::string name(255, 'n');
  const file back = decode<file>(encode(file::from_contents(name, "long")));
  CHECK(content(back.path()) == "long");
  back.save(here.path());
  CHECK(content(here.path() + "/" + name) == "long");
}

TEST_CASE("names that could lead out of a directory are refused, here and on arrival") {
  for (const std::string& name :
       std::vector<std::string>{"", ".", "..", "/", "a/b", "/etc/passwd", "../up",
                                std::string("a\0b", 3), std::string(256, 'x')}) {
    CHECK_THROWS_AS(file::from_contents(name, ""), error);
    CHECK_FALSE(decodes<file>(file_bytes(name, "text")));
  }
  CHECK_THROWS_WITH_AS(
      file("data/"),
      "'data/' does not end in a plain file name (no '/', not '.' or '..', 1 to 255 bytes)", error);
  CHECK(decodes<file>(file_bytes("plain", "text")));
}

TEST_CASE("path() of a received file is private and gone with the last copy") {
  std::string path;
  {
    const file received = decode<file>(encode(file::from_contents("out.dat", "1")));
    const file same = received;
    path = received.path();
    CHECK(same.path() == path);
    CHECK(mode_of(fs::path(path).parent_path()) == 0700);
    const file other = decode<file>(encode(file::from_contents("out.dat", "2")));
    CHECK(other.path() != path);
  }
  CHECK_FALSE(fs::exists(path));
}

TEST_CASE("saving replaces a file whole and keeps the permission bits") {
  const scratch_directory here;
  const std::string script = here.path() + "/run.sh";
  write(script, "#!/bin/sh\n");
  REQUIRE(::chmod(script.c_str(), 0755) == 0);
  const file back = decode<file>(encode(file(script)));

  const std::string to = here.path() + "/copy";
  write(to, "what was there before, and is longer");
  back.save(to);
  CHECK(content(to) == "#!/bin/sh\n");
  CHECK(mode_of(to) == 0755);

  fs::create_directory(here.path() + "/in");
  back.save(here.path() + "/in");
  CHECK(content(here.path() + "/in/run.sh") == "#!/bin/sh\n");
  file(script).save(here.path() + "/in/other");
  CHECK(mode_of(here.path() + "/in/other") == 0755);
  CHECK(count_in(here.path()) == 3);  // nothing is left behind
}

TEST_CASE("bits that would give rights away do not travel") {
  encoded bytes = file_bytes("tool", "x");
  const std::uint32_t mode = 0106777;
  std::memcpy(bytes.data() + 8 + 4, &mode, sizeof mode);
  struct stat facts {};
  REQUIRE(::stat(decode<file>(bytes).path().c_str(), &facts) == 0);
  CHECK((facts.st_mode & 07777) == 0777);
}

TEST_CASE("a save that fails leaves what was there, and no remains") {
  const scratch_directory here;
  const file some = file::from_contents("out", "new");
  CHECK_THROWS_AS(some.save(here.path() + "/absent/out"), error);

  small_file_system full("64k");
  if (!full.mounted()) {
    MESSAGE("not run: ", full.why_not());
    return;
  }
  write(full.path() + "/out", "old");
  const file large = file::from_contents("out", std::string(1 << 20, 'x'));
  CHECK_THROWS_WITH_AS(
      large.save(full.path()),
      ("cannot write the file " + full.path() + "/out: No space left on device").c_str(), error);
  CHECK(content(full.path() + "/out") == "old");
  CHECK(count_in(full.path()) == 1);
}

TEST_CASE("saving replaces no pipe, device or link") {
  const scratch_directory here;
  const std::string pipe = here.path() + "/pipe";
  const std::string link = here.path() + "/link";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  fs::create_symlink(pipe, link);
  const file made = file::from_contents("a.dat", "text");

  CHECK_THROWS_WITH_AS(made.save(pipe), doctest::Contains("is no regular file"), error);
  CHECK_THROWS_WITH_AS(made.save(link), doctest::Contains("is no regular file"), error);

  CHECK(fs::is_fifo(pipe));
  CHECK(fs::is_symlink(link));
}

TEST_CASE("a pipe is no file to be sent, and is not waited for") {
  const scratch_directory here;
  REQUIRE(::mkfifo((here.path() + "/pipe").c_str(), 0600) == 0);
  CHECK_THROWS_AS(file(here.path() + "/pipe").contents(), error);
}

TEST_CASE("a file that is not there is refused when it is read, by its path") {
  const scratch_directory here;
  const std::string path = here.path() + "/absent.dat";
  const std::string text = "cannot read the file " + path + ": No such file or directory";
  CHECK_THROWS_WITH_AS(encode(file(path)), text.c_str(), error);
  CHECK_THROWS_WITH_AS(file(path).contents(), text.c_str(), error);
  CHECK_THROWS_AS(encode(file(here.path())), error);  // a directory
  CHECK_THROWS_AS(encode(file()), error);
}

TEST_CASE("a file whose size the system does not tell is read whole") {
  const clusterless::file status("/proc/self/status");

  CHECK(status.contents().find("Name:") != std::string::npos);
}
