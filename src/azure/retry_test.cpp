// SPDX-License-Identifier: MIT
#include "azure/retry.hpp"

#include <doctest/doctest.h>

using namespace clusterless::azure;

namespace {

constexpr std::int64_t some_day = 1795478564;  // Tue, 24 Nov 2026 00:02:44 GMT

attempt_end status(int code, std::string_view retry_after = {}) {
  return {failure::none, code, retry_after};
}

}  // namespace

TEST_CASE("busy, broken and silent services are asked again, refusals are not") {
  for (const int code : {408, 429, 500, 502, 503, 504})
    CHECK(is_transient(status(code)));
  for (const int code : {200, 304, 400, 401, 403, 404, 409, 412, 413, 501})
    CHECK(!is_transient(status(code)));
  CHECK(is_transient({failure::unreachable, 0, {}}));
  CHECK(is_transient({failure::dropped, 200, {}}));
  CHECK(!is_transient({failure::too_large, 200, {}}));
  CHECK(!is_transient({failure::refused, 0, {}}));
  CHECK(!is_transient({failure::untrusted, 0, {}}));
}

TEST_CASE("waits double up to the longest, each between its half and its whole") {
  retry_state state({.attempts = 12, .first_ms = 500, .longest_ms = 4000}, 0);
  const std::int64_t most[] = {500, 1000, 2000, 4000, 4000};
  for (const std::int64_t longest : most) {
    retry_state copy = state;
    CHECK(copy.after(status(503), 0, some_day, 0.0) == longest / 2);
    const auto wait = state.after(status(503), 0, some_day, 0.999);
    REQUIRE(wait);
    CHECK(*wait <= longest);
    CHECK(*wait > longest * 9 / 10);
  }
}

TEST_CASE("the service's Retry-After is kept, as seconds and as a date") {
  CHECK(parse_retry_after("7", some_day) == 7000);
  CHECK(parse_retry_after("Tue, 24 Nov 2026 00:03:44 GMT", some_day) == 60000);
  CHECK(parse_retry_after("Tue, 24 Nov 2026 00:01:44 GMT", some_day) == 0);
  CHECK(!parse_retry_after("soon", some_day));
  CHECK(!parse_retry_after("-1", some_day));
  retry_state state({}, 0);
  CHECK(state.after(status(429, "7"), 0, some_day, 0.0) == 7000);
  const auto later = state.after(status(429, "8"), 7000, some_day, 0.5);
  CHECK(later == 9000);
}

TEST_CASE("a wait longer than we would ever wait ends the attempts") {
  retry_state state({.longest_asked_ms = 60'000}, 0);
  CHECK(!state.after(status(503, "3600"), 0, some_day, 0.0));
}

TEST_CASE("attempts end by number and by time") {
  retry_state few({.attempts = 2}, 0);
  CHECK(few.after(status(500), 0, some_day, 0.0));
  CHECK(!few.after(status(500), 0, some_day, 0.0));
  CHECK(few.attempts() == 2);
  retry_state slow({.total_ms = 10'000}, 1000);
  CHECK(slow.after(status(500), 2000, some_day, 0.0));
  CHECK(!slow.after(status(500), 11'000, some_day, 0.0));
}

TEST_CASE("it is known whether an earlier attempt may have taken effect") {
  retry_state refused({}, 0);
  refused.after(status(429), 0, some_day, 0.0);
  refused.after({failure::unreachable, 0, {}}, 0, some_day, 0.0);
  CHECK(!refused.answer_lost());
  for (const attempt_end& how :
       {attempt_end{failure::dropped, 0, {}}, attempt_end{failure::timed_out, 0, {}}, status(500),
        status(503)}) {
    retry_state lost({}, 0);
    lost.after(how, 0, some_day, 0.0);
    CHECK(lost.answer_lost());
  }
}
