// SPDX-License-Identifier: MIT
#include "emulator/faults.hpp"

#include <doctest/doctest.h>

#include <clusterless/error.hpp>

using namespace clusterless::emulator;

namespace {

http_request asked(const char* method, const char* path) {
  http_request made;
  made.method = method;
  made.path = path;
  return made;
}

}  // namespace

TEST_CASE("a rule fits by method and path, after skipping and as often as it says") {
  fault_book book;
  book.add(json::parse(R"({"match":{"method":"POST","path":"/tasks"},"skip":1,"times":2,
    "status":429,"retry_after":3})"));
  const ticks now = unix_epoch;
  CHECK_FALSE(book.choose(asked("GET", "/jobs/j/tasks"), now).answer);
  CHECK_FALSE(book.choose(asked("POST", "/jobs/j/tasks"), now).answer);
  for (int i = 0; i < 2; ++i) {
    const http_fault fault = book.choose(asked("POST", "/jobs/j/tasks"), now);
    REQUIRE(fault.answer);
    CHECK(fault.answer->status == 429);
    CHECK(fault.answer->header("Retry-After") == "3");
    CHECK(json::parse(fault.answer->body)["code"] == "TooManyRequests");
  }
  CHECK_FALSE(book.choose(asked("POST", "/jobs/j/tasks"), now).answer);
  CHECK(book.all()[0]["hits"] == 2);
}

TEST_CASE("faults of connections are told as they were asked for") {
  fault_book book;
  book.add(json{{"reset", "after"}, {"delay_ms", 5}, {"slow_ms", 2}, {"truncate", 7}});
  const http_fault fault = book.choose(asked("GET", "/"), unix_epoch);
  CHECK(fault.reset_after);
  CHECK_FALSE(fault.reset_before);
  CHECK(fault.delay_ms == 5);
  CHECK(fault.slow_ms == 2);
  CHECK(fault.truncate == 7);
}

TEST_CASE("what is no fault is refused") {
  fault_book book;
  CHECK_THROWS_AS(book.add(json::object()), clusterless::error);
  CHECK_THROWS_AS(book.add(json{{"reset", "sometimes"}}), clusterless::error);
}

TEST_CASE("a token that is refused is refused in the form of the directory") {
  fault_book book;
  book.add(json::parse(R"({"match": {"path": "/token"}, "status": 401, "code": "AADSTS7000222",
    "message": "The provided client secret keys are expired."})"));
  const http_fault fault = book.choose(asked("POST", "/t/oauth2/v2.0/token"), unix_epoch);
  REQUIRE(fault.answer);
  CHECK(fault.answer->status == 401);
  CHECK(json::parse(fault.answer->body)["error_description"] ==
        "AADSTS7000222: The provided client secret keys are expired.");
}
