// SPDX-License-Identifier: MIT
#include "emulator/times.hpp"

#include <doctest/doctest.h>

using namespace clusterless::emulator;

TEST_CASE("times and entity tags are written as in answers of the service") {
  // A pair seen together in one answer: eTag and lastModified.
  const auto at = parse_iso_time("2022-09-06T23:44:11.5153711Z");
  REQUIRE(at);
  CHECK(entity_tag(*at) == "0x8DA9061B2F7BB2F");
  CHECK(iso_time(*at) == "2022-09-06T23:44:11.5153711Z");
  CHECK(http_date(*at) == "Tue, 06 Sep 2022 23:44:11 GMT");
  CHECK(iso_time(*parse_iso_time("2022-09-06T23:45:31.1681520Z")) == "2022-09-06T23:45:31.168152Z");
  CHECK(iso_time(*parse_iso_time("2022-09-06T23:45:31Z")) == "2022-09-06T23:45:31Z");
}

TEST_CASE("dates of headers are read back") {
  const auto at = parse_http_date("Tue, 24 Nov 2026 00:02:44 GMT");
  REQUIRE(at);
  CHECK(http_date(*at) == "Tue, 24 Nov 2026 00:02:44 GMT");
  CHECK_FALSE(parse_http_date("yesterday"));
  CHECK_FALSE(parse_iso_time("2022-13-06T23:44:11Z"));
}

TEST_CASE("durations keep their value, and no limit is the longest") {
  for (const char* text : {"PT15M", "P7D", "PT1M0.5S", "PT1H", "P1DT2H3M4.5S", "PT0S"})
    CHECK(iso_duration(*parse_iso_duration(text)) == text);
  CHECK(iso_duration(unlimited) == "P10675199DT2H48M5.4775807S");
  CHECK(*parse_iso_duration("P10675199DT2H48M5.4775807S") == unlimited);
  CHECK_FALSE(parse_iso_duration("15 minutes"));
  CHECK_FALSE(parse_iso_duration("PT5D"));
}
