// SPDX-License-Identifier: MIT
#include "os/program_file.hpp"

#include <doctest/doctest.h>

#include <clusterless/error.hpp>
#include <fstream>
#include <iterator>

#include "os/program.hpp"
#include "support/scratch_directory.hpp"

namespace {

using namespace clusterless;

std::string contents_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const std::string& path, const std::string& contents) {
  std::ofstream(path, std::ios::binary) << contents;
}

}  // namespace

TEST_CASE("a program file names the build that its process has") {
  const auto facts = os::read_program_file(os::program_path());

  CHECK(facts.has_build_id);
  CHECK(facts.build == os::to_hex(os::this_build()));
  CHECK(facts.symbols);
  CHECK(facts.names_the_role);
}

TEST_CASE("what is no program is refused by its path") {
  const tests::scratch_directory here;
  write(here.path() + "/text", std::string(500, 'x'));
  write(here.path() + "/empty", "");

  for (const char* name : {"/text", "/empty", "/none", ""})
    CHECK_THROWS_WITH_AS(os::read_program_file(here.path() + name),
                         doctest::Contains(here.path().c_str()), error);
}

TEST_CASE("a program file that is cut or changed gives facts or one error") {
  const tests::scratch_directory here;
  const std::string path = here.path() + "/damaged";
  std::string head = contents_of(os::program_path()).substr(0, 4096);
  for (const std::size_t size : {64u, 100u, 500u, 4096u}) {
    for (std::size_t at = 16; at < 64; ++at) {
      std::string changed = head.substr(0, size);
      changed[at] = static_cast<char>(changed[at] ^ 0xff);
      write(path, changed);
      try {
        const auto facts = os::read_program_file(path);
        CHECK(facts.build.size() == 40);
      } catch (const error& caught) {
        CHECK(caught.kind() == error_kind::misuse);
      }
    }
  }
}
