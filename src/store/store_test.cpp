// SPDX-License-Identifier: MIT
// What every store must do, run on those of this room; and what keys are.
#include "store/store.hpp"

#include <doctest/doctest.h>

#include <clusterless/error.hpp>
#include <string>

#include "store/directory_store.hpp"
#include "support/memory_store.hpp"
#include "support/scratch_directory.hpp"
#include "support/store_cases.hpp"

using namespace clusterless;
using namespace clusterless::store;

void clusterless::tests::on_every_store(const std::function<void(object_store&)>& check) {
  SUBCASE("in memory") {
    memory_store in;
    check(in);
  }
  SUBCASE("in a directory") {
    const scratch_directory place;
    const auto in = open_directory_store(place.path() + "/store");
    check(*in);
  }
}

namespace {

std::string refusal(const std::string& key) {
  try {
    check_key(key);
  } catch (const error& e) {
    CHECK(e.kind() == error_kind::misuse);
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("keys are slash-separated plain parts and nothing else") {
  for (const char* good : {"a", "jobs/x/manifest", "A-1_b.c/0", "a..b"})
    CHECK_MESSAGE(refusal(good).empty(), good);
  for (const char* bad : {"", "/", "/a", "a/", "a//b", ".", "..", "a/../b", ".a", "a/.b", "a b",
                          "ä", "a\nb", "a\\b", "a*b"})
    CHECK_MESSAGE(!refusal(bad).empty(), bad);
  CHECK(!refusal(std::string("a\0b", 3)).empty());
  CHECK(refusal(std::string(200, 'x')).empty());
  CHECK(!refusal(std::string(201, 'x')).empty());
  std::string deep = "k";
  while (deep.size() < 1024)
    deep += "/k";
  CHECK(!refusal(deep).empty());
  CHECK(refusal("a/../b\n").find("'a/../b\\n' cannot name an object") == 0);
}
