// SPDX-License-Identifier: MIT
#include "emulator/http.hpp"

#include <doctest/doctest.h>

using namespace clusterless::emulator;

TEST_CASE("a target keeps its path as it came and decodes its query") {
  http_request request;
  split_target("/jobs/j/files/wd%2Fa%20b.txt?api-version=1&$Filter=a+eq%20'x'&flag", request);
  CHECK(request.path == "/jobs/j/files/wd%2Fa%20b.txt");
  CHECK(request.parameter("$filter") == "a eq 'x'");
  CHECK(request.query.count("flag") == 1);
  CHECK(request.parameter("none").empty());
}

TEST_CASE("escapes are read and written") {
  CHECK(percent_decoded("a%2fb%20c%zz%4") == "a/b c%zz%4");
  CHECK(percent_encoded("a/b c~é") == "a%2Fb%20c~%C3%A9");
  CHECK(percent_encoded("a/b", "/") == "a/b");
  CHECK(same_text("TaskSuccess", "tasksuccess"));
}
