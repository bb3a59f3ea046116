// SPDX-License-Identifier: MIT
#include "os/start_again.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "os/loaded_objects.hpp"
#include "os/program.hpp"
#include "os/symbol_table.hpp"
#include "support/scratch_directory.hpp"

namespace fs = std::filesystem;
using namespace clusterless;
using namespace clusterless::os;

namespace {

constexpr const char* out_variable = "START_AGAIN_TEST_OUT";

std::string loader_of_this_program() {
  for (const auto& each : loaded_objects())
    if (each.loader) return each.path;
  return "";
}

/// What the test case below writes when it runs by this command.
std::vector<std::string> lines_by(const std::string& command, const std::string& folder) {
  const std::string out = folder + "/lines";
  ::setenv(out_variable, out.c_str(), 1);
  const std::string all = "cd '" + folder + "' && " + command +
                          " --no-skip --test-case='tells how it would start again*' >/dev/null";
  CHECK(std::system(all.c_str()) == 0);
  ::unsetenv(out_variable);
  std::ifstream file(out);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("tells how it would start again to the tests below" * doctest::skip()) {
  const char* out = std::getenv(out_variable);
  if (out == nullptr) return;
  std::ofstream file(out);
  file << to_hex(this_build()) << '\n' << program_path() << '\n';
  for (const auto& word : start_again({"name", "--one", "two"}).argv)
    file << word << '\n';
}

TEST_CASE("a program that the kernel started is started by it again") {
  const auto request = start_again({"name", "--one"});
  CHECK(request.path == "/proc/self/exe");
  CHECK(request.argv == std::vector<std::string>{"name", "--one"});
  CHECK(program_path() == fs::read_symlink("/proc/self/exe").string());
}

TEST_CASE("a program that was started through its loader is started by that again, from anywhere") {
  const tests::scratch_directory folder;
  const std::string loader = loader_of_this_program();
  REQUIRE_FALSE(loader.empty());
  fs::create_directory(folder.path() + "/lib");
  fs::create_symlink(program_path(), folder.path() + "/link");

  const auto lines = lines_by(loader + " --library-path lib:/usr/lib ./link", folder.path());

  const std::string own = fs::canonical(folder.path()).string();
  CHECK(lines == std::vector<std::string>{to_hex(this_build()), program_path(), loader,
                                          "--library-path", own + "/lib:/usr/lib", program_path(),
                                          "--one", "two"});
}

TEST_CASE("the loaded objects are the program, its libraries and its loader") {
  const auto all = loaded_objects();
  REQUIRE(all.size() > 3);
  CHECK(all.front().path == program_path());
  int loaders = 0;
  bool libc = false;
  for (const auto& each : all) {
    CHECK(fs::exists(each.path));
    CHECK_FALSE(each.deleted);
    loaders += each.loader;
    libc = libc || each.soname == "libc.so.6";
    for (const auto& name : each.needed)
      CHECK_FALSE(name.empty());
  }
  CHECK(loaders == 1);
  CHECK(libc);
  CHECK_FALSE(all.front().needed.empty());
}
