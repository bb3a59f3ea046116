// SPDX-License-Identifier: MIT
#include "bundle/bundle.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <clusterless/error.hpp>

#include "support/scratch_directory.hpp"

namespace fs = std::filesystem;
using namespace clusterless;
using bundle::bundle_file;
using bundle::choose_files;
using bundle::make_bundle;
using bundle::start_arguments;
using bundle::start_command;

namespace {

std::vector<os::loaded_object> small_program() {
  return {{"/home/me/app", "", {"liba.so.1", "libc.so.6"}, false, false},
          {"/usr/lib/liba.so.1.2", "liba.so.1", {"libb.so", "libc.so.6"}, false, false},
          {"/opt/libb.so", "", {"libc.so.6"}, false, false},
          {"/lib/libc.so.6", "libc.so.6", {"ld-linux-x86-64.so.2"}, false, false},
          {"/lib/libssl.so.3", "libssl.so.3", {"libc.so.6"}, false, false},
          {"/lib64/ld-2.36.so", "ld-linux-x86-64.so.2", {}, true, false}};
}

std::map<std::string, std::string> by_name(const std::vector<bundle_file>& files) {
  std::map<std::string, std::string> all;
  for (const auto& each : files)
    all[each.name] = each.path;
  CHECK(all.size() == files.size());
  return all;
}

}  // namespace

TEST_CASE("a bundle has what the program is linked with, under the names it is looked up by") {
  const auto files = by_name(choose_files(small_program(), {}));
  const std::map<std::string, std::string> wanted{{"program", "/home/me/app"},
                                                  {"ld.so", "/lib64/ld-2.36.so"},
                                                  {"lib/liba.so.1", "/usr/lib/liba.so.1.2"},
                                                  {"lib/libb.so", "/opt/libb.so"},
                                                  {"lib/libc.so.6", "/lib/libc.so.6"}};
  CHECK(files == wanted);
}

TEST_CASE("what is loaded later is in it when asked for") {
  CHECK(by_name(choose_files(small_program(), {"libssl.so.3"})).count("lib/libssl.so.3") == 1);
  CHECK_THROWS_WITH_AS(choose_files(small_program(), {"libfoo.so.1"}),
                       doctest::Contains("libfoo.so.1"), error);
}

TEST_CASE("a program that is linked statically is its own bundle") {
  const auto files = choose_files({{"/home/me/app", "", {}, false, false}}, {});
  REQUIRE(files.size() == 1);
  bundle::bundle made;
  made.files = files;
  CHECK(start_arguments("/node", made) == std::vector<std::string>{"/node/program"});
}

TEST_CASE("a library that nodes cannot have as it is here is told") {
  auto objects = small_program();
  objects[1].needed.push_back("libgone.so");
  CHECK_THROWS_WITH_AS(choose_files(objects, {}),
                       "the library libgone.so, which /usr/lib/liba.so.1.2 needs, is not loaded "
                       "here",
                       error);
  objects = small_program();
  objects[2].deleted = true;
  CHECK_THROWS_WITH_AS(choose_files(objects, {}), doctest::Contains("/opt/libb.so was removed"),
                       error);
  objects = small_program();
  objects[0].needed.push_back("/opt/libc.so");
  CHECK_THROWS_WITH_AS(choose_files(objects, {}), doctest::Contains("-Wl,-soname"), error);
}

TEST_CASE("a library made for this very processor is replaced by the one for any") {
  const tests::scratch_directory folder;
  fs::create_directories(folder.path() + "/glibc-hwcaps/x86-64-v3");
  auto objects = small_program();
  objects[2].path = folder.path() + "/glibc-hwcaps/x86-64-v3/libb.so";
  CHECK(by_name(choose_files(objects, {}))["lib/libb.so"] == objects[2].path);
  std::ofstream(folder.path() + "/libb.so") << "plain";
  CHECK(by_name(choose_files(objects, {}))["lib/libb.so"] == folder.path() + "/libb.so");
}

TEST_CASE("the bundle of this program is named by what is in it") {
  const auto one = make_bundle(false);
  const auto again = make_bundle(false);
  const auto more = make_bundle(true);

  CHECK(one.hash.size() == 32);
  CHECK(one.hash == again.hash);
  CHECK(one.hash != more.hash);
  CHECK(more.files.size() >= one.files.size() + 2);
  std::uint64_t size = 0;
  for (const auto& each : one.files) {
    CHECK(each.size == fs::file_size(each.path));
    size += each.size;
  }
  CHECK(one.size == size);
  CHECK(one.files.front().name == "program");
}

TEST_CASE("the start command runs the program from a folder, whatever its name") {
  const tests::scratch_directory folder;
  const std::string there = folder.path() + "/a \"b\" `c`";
  const auto made = make_bundle(false);
  fs::create_directories(there + "/lib");
  for (const auto& each : made.files) {
    fs::copy_file(each.path, there + "/" + each.name);
    fs::permissions(there + "/" + each.name, fs::perms(0755));
  }
  const std::string out = " --no-run --version > '" + folder.path() + "/out'";
  CHECK(std::system((start_command(there, made) + out).c_str()) == 0);
  CHECK(fs::file_size(folder.path() + "/out") != 0);
  ::setenv("BUNDLE_TEST_FOLDER", there.c_str(), 1);
  CHECK(std::system((start_command("$BUNDLE_TEST_FOLDER", made) + out).c_str()) == 0);
  ::unsetenv("BUNDLE_TEST_FOLDER");
}
