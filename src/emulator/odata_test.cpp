// SPDX-License-Identifier: MIT
#include "emulator/odata.hpp"

#include <doctest/doctest.h>

#include "emulator/service_error.hpp"

using namespace clusterless::emulator;

namespace {

bool passes(const char* filter, const json& document) {
  return odata_filter(filter).passes(
      [&](std::string_view path) { return value_at(document, path); });
}

const json task = json::parse(R"({"id":"task-7","state":"completed",
  "stateTransitionTime":"2022-09-06T23:45:31.168152Z","executionInfo":{"exitCode":3}})");

}  // namespace

TEST_CASE("a filter compares texts, numbers and times of nested properties") {
  CHECK(passes("state eq 'completed'", task));
  CHECK(passes("(state eq 'Completed')", task));
  CHECK_FALSE(passes("state ne 'completed'", task));
  CHECK(passes("executionInfo/exitCode gt 2", task));
  CHECK_FALSE(passes("executionInfo/exitCode le 2", task));
  CHECK(passes("stateTransitionTime ge DateTime'2022-09-06T23:45:31Z'", task));
  CHECK_FALSE(passes("stateTransitionTime gt datetime'2022-09-06T23:45:31.1681520Z'", task));
  CHECK(passes("startswith(id,'task-')", task));
  CHECK(passes("startswith(id, 'task-') and not (state eq 'active' or state eq 'running')", task));
  CHECK_FALSE(passes("executionInfo/endTime lt DateTime'2030-01-01T00:00:00Z'", task));
}

TEST_CASE("and binds before or, and quotes are doubled inside texts") {
  CHECK(passes("id eq 'x' and id eq 'y' or state eq 'completed'", task));
  CHECK(passes("name eq 'it''s'", json{{"name", "it's"}}));
}

TEST_CASE("what is no filter is refused with the parameter's name") {
  for (const char* wrong :
       {"state", "state eq", "state is 'x'", "(state eq 'x'", "state eq 'x", "state eq 'x' and",
        "startswith(id)", "created gt DateTime'today'", "1 eq 1", "state eq 'x' extra"}) {
    CAPTURE(wrong);
    try {
      odata_filter filter(wrong);
      FAIL("not refused");
    } catch (const service_error& caught) {
      CHECK(caught.code() == "InvalidQueryParameterValue");
      CHECK(caught.values().front().second == "$filter");
    }
  }
  CHECK_THROWS_AS(odata_filter(std::string(10'000, '(')), service_error);
}

TEST_CASE("a selection keeps the members that it names") {
  CHECK(selected(task, parse_select("id, executionInfo")).dump() ==
        R"({"id":"task-7","executionInfo":{"exitCode":3}})");
  CHECK(selected(task, parse_select("")) == task);
}
