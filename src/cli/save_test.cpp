// SPDX-License-Identifier: MIT
#include "cli/save.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <clusterless/codec.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "support/scratch_directory.hpp"

namespace {

using namespace clusterless;
namespace fs = std::filesystem;

/// A file as it is encoded, its name unchecked.
void put_file(writer& out, const std::string& name, const std::string& contents,
              std::uint32_t mode = 0644) {
  codec<std::string>::put(out, name);
  out.put_raw(mode);
  codec<std::string>::put(out, contents);
}

std::string contents_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("files of an item are saved under their names, and equal names are kept apart") {
  const tests::scratch_directory here;
  detail::buffer raw;
  writer out(raw);
  out.put_size(3);
  put_file(out, "a b\nc.dat", "one", 0755);
  put_file(out, "x", "two");
  put_file(out, "x", "three");

  const auto paths =
      cli::save_in_directory(cli::parse_schema("[F]"), {raw.data(), raw.size()}, 7, here.path());

  CHECK(paths.size() == 4);
  CHECK(contents_of(here.path() + "/7/a b\nc.dat") == "one");
  CHECK(contents_of(here.path() + "/7/x") == "two");
  CHECK(contents_of(here.path() + "/7/2-x") == "three");
  CHECK(cli::json::parse(contents_of(here.path() + "/7.json")).size() == 3);
  struct stat facts {};
  REQUIRE(::stat((here.path() + "/7/a b\nc.dat").c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0100) != 0);
}

TEST_CASE("names that are no plain file names are refused and nothing is saved") {
  const tests::scratch_directory here;
  for (const std::string& name :
       {std::string(".."), std::string("."), std::string(), std::string("../out"),
        std::string("/etc/passwd"), std::string("a/b"), std::string("a\0b", 3),
        std::string(256, 'x')}) {
    detail::buffer raw;
    writer out(raw);
    put_file(out, name, "contents");
    const cli::bytes value{raw.data(), raw.size()};

    CHECK_THROWS_WITH_AS(cli::save_in_directory(cli::parse_schema("F"), value, 7, here.path()),
                         doctest::Contains("no plain file name"), error);
    CHECK(fs::is_empty(here.path()));
  }
}

TEST_CASE("a value is saved as one file by what it is and how the file is called") {
  const tests::scratch_directory here;
  detail::buffer raw;
  writer out(raw);
  codec<std::vector<double>>::put(out, {1, 2});
  const cli::bytes value{raw.data(), raw.size()};

  cli::save_as(cli::parse_schema("[f8]"), value, here.path() + "/a.npy");
  CHECK(contents_of(here.path() + "/a.npy").substr(0, 6) == "\x93NUMPY");
  cli::save_as(cli::parse_schema("[f8]"), value, here.path() + "/a.json");
  CHECK(cli::json::parse(contents_of(here.path() + "/a.json")).dump() == "[1.0,2.0]");
  CHECK_THROWS_WITH_AS(
      cli::save_as(cli::parse_schema("u8"), value.first(8), here.path() + "/b.npy"),
      doctest::Contains("no array of numbers"), error);
  CHECK_THROWS_WITH_AS(cli::save_as(cli::parse_schema("[f8]"), value, here.path() + "/no/a.json"),
                       doctest::Contains("/no/a.json: No such file"), error);
  CHECK(std::distance(fs::directory_iterator(here.path()), {}) == 2);
}

TEST_CASE("what is saved replaces no pipe, device or link") {
  const tests::scratch_directory here;
  const std::string pipe = here.path() + "/pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);

  CHECK_THROWS_WITH_AS(cli::save_parts(pipe, {}, 0644), doctest::Contains("is no regular file"),
                       error);

  CHECK(fs::is_fifo(pipe));
}
