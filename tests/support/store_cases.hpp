// SPDX-License-Identifier: MIT
// What every store must do: the same cases for each of them. The one test file that includes this
// defines on_every_store(), which calls `check` with fresh stores of its kinds.
#pragma once

#include <doctest/doctest.h>

#include <clusterless/error.hpp>
#include <functional>
#include <string>

#include "store/store.hpp"

namespace clusterless::tests {

void on_every_store(const std::function<void(store::object_store&)>& check);

namespace store_cases {

using namespace store;

inline bytes as_bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

inline std::string text_of(const std::optional<buffer>& content) {
  if (!content) return "(none)";
  return {reinterpret_cast<const char*>(content->data()), content->size()};
}

inline void append(appender& to, const std::string& text) {
  const bytes part = as_bytes(text);
  to.append({&part, 1});
}

inline std::string keys_of(const std::vector<object_info>& found) {
  std::string keys;
  for (const object_info& one : found)
    keys += one.key + ":" + std::to_string(one.size) + " ";
  return keys;
}

TEST_CASE("an object is what was put last, whole") {
  on_every_store([](object_store& in) {
    CHECK(!in.get("a/b"));
    CHECK(!in.size("a/b"));
    in.put("a/b", as_bytes("first, and longer"));
    in.put("a/b", as_bytes("second"));
    in.put("a/empty", {});

    CHECK(text_of(in.get("a/b")) == "second");
    CHECK(in.size("a/b") == 6u);
    CHECK(text_of(in.get("a/empty")).empty());
    CHECK(!in.get("a"));
    CHECK(!in.get("a/b/c"));

    std::byte part[10];
    CHECK(in.read("a/b", 3, part) == 3u);
    CHECK(std::string(reinterpret_cast<char*>(part), 3) == "ond");
    CHECK(in.read("a/b", 6, part) == 0u);
    CHECK(in.read("a/b", 600, part) == 0u);
    CHECK_THROWS_AS(in.read("a/none", 0, part), error);
    CHECK_THROWS_AS(in.put("../x", {}), error);
    CHECK_THROWS_AS(in.get("/etc/passwd"), error);
  });
}

TEST_CASE("of two creators the first wins") {
  on_every_store([](object_store& in) {
    CHECK(in.put_new("jobs/x", as_bytes("one")));
    CHECK(!in.put_new("jobs/x", as_bytes("two")));
    CHECK(text_of(in.get("jobs/x")) == "one");
  });
}

TEST_CASE("list shows what is below a prefix, sorted, and nothing beside it") {
  on_every_store([](object_store& in) {
    CHECK(in.list("").empty());
    CHECK(in.list("a").empty());
    in.put("a/two", as_bytes("22"));
    in.put("a/one/x", as_bytes("1"));
    in.put("ab", as_bytes("333"));

    CHECK(keys_of(in.list("a")) == "a/one/x:1 a/two:2 ");
    CHECK(keys_of(in.list("a/two")) == "a/two:2 ");
    CHECK(keys_of(in.list("")) == "a/one/x:1 a/two:2 ab:3 ");
    CHECK(in.list("a/none").empty());
  });
}

TEST_CASE("remove takes exactly its prefix") {
  on_every_store([](object_store& in) {
    for (const char* key : {"jobs/x/a", "jobs/x/b/c", "jobs/xy/a", "jobs/w", "x"})
      in.put(key, as_bytes("1"));

    CHECK(in.remove("jobs/x").empty());
    CHECK(keys_of(in.list("")) == "jobs/w:1 jobs/xy/a:1 x:1 ");
    CHECK(in.remove("jobs/x").empty());
    CHECK(in.remove("jobs/w").empty());
    CHECK(in.remove("never/was/there").empty());
    CHECK(keys_of(in.list("")) == "jobs/xy/a:1 x:1 ");
    CHECK_THROWS_AS(in.remove(""), error);
  });
}

TEST_CASE("an appender adds its parts at the end, and can cut the end off") {
  on_every_store([](object_store& in) {
    {
      const auto to = in.append_to("log/1");
      CHECK(to->size() == 0);
      const std::string one = "one ", two = "two ";
      const bytes parts[] = {as_bytes(one), {}, as_bytes(two)};
      to->append(parts);
      append(*to, "three");
      to->sync();
      CHECK(to->size() == 13);
    }
    CHECK(text_of(in.get("log/1")) == "one two three");
    const auto to = in.append_to("log/1");
    CHECK(to->size() == 13);
    to->cut_to(8);
    append(*to, "four");
    CHECK(text_of(in.get("log/1")) == "one two four");
  });
}

TEST_CASE("an appender notices that its object was removed or changed by others") {
  on_every_store([](object_store& in) {
    const auto to = in.append_to("log/1");
    append(*to, "mine");
    append(*in.append_to("log/1"), "theirs");
    CHECK_THROWS_WITH_AS(append(*to, "more"), doctest::Contains("somebody else is writing to"),
                         error);
    const auto again = in.append_to("log/1");
    in.remove("log");
    CHECK_THROWS_WITH_AS(append(*again, "more"), doctest::Contains("was removed"), error);
  });
}

TEST_CASE("a hold excludes others until it ends, and tells who has it") {
  on_every_store([](object_store& in) {
    CHECK(!in.held_by("holds/x"));
    auto mine = in.try_hold("holds/x");
    REQUIRE(mine);
    CHECK(!in.try_hold("holds/x"));
    CHECK(in.try_hold("holds/y"));
    const auto who = in.held_by("holds/x");
    REQUIRE(who);
    CHECK(who->pid > 0);
    CHECK(!who->host.empty());
    CHECK(who->started > 0);

    mine.reset();
    CHECK(!in.held_by("holds/x"));
    CHECK(in.try_hold("holds/x"));
  });
}

}  // namespace store_cases
}  // namespace clusterless::tests
