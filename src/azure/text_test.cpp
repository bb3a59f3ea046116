// SPDX-License-Identifier: MIT
#include "azure/text.hpp"

#include <doctest/doctest.h>

using namespace clusterless::azure;

TEST_CASE("percent encoding keeps what RFC 3986 leaves unreserved, and comes back") {
  CHECK(percent_encoded("a b/ü?") == "a%20b%2F%C3%BC%3F");
  CHECK(percent_encoded("a b/c", "/") == "a%20b/c");
  CHECK(percent_decoded("a%20b%2F%c3%BC%3F") == "a b/ü?");
  CHECK(percent_decoded("100%, %4") == "100%, %4");
}

TEST_CASE("a URL falls into its parts") {
  const auto url = split_url("http://127.0.0.1:10000/acct/c/a%20b?comp=block&x=1#f");
  REQUIRE(url);
  CHECK(url->scheme == "http");
  CHECK(url->host == "127.0.0.1:10000");
  CHECK(url->path == "/acct/c/a%20b");
  CHECK(url->query == "comp=block&x=1");
  CHECK(split_url("https://h")->path.empty());
  CHECK(!split_url("ftp://h/x"));
  CHECK(!split_url("https:///x"));
  CHECK(!split_url("h/x"));
}

TEST_CASE("a query is decoded into names and values, and encoded again") {
  const query parts = parse_query("$filter=state%20eq%20'completed'&api-version=1&flag");
  REQUIRE(parts.size() == 3);
  CHECK(parts[0].second == "state eq 'completed'");
  CHECK(parts[2].first == "flag");
  CHECK(to_text({{"$filter", "a b"}, {"n", "1"}}) == "?$filter=a%20b&n=1");
  CHECK(to_text(query()).empty());
}

TEST_CASE("dates are as HTTP and as JSON write them") {
  const std::int64_t at = 1795478564;
  CHECK(http_date(at) == "Tue, 24 Nov 2026 00:02:44 GMT");
  CHECK(parse_http_date("Tue, 24 Nov 2026 00:02:44 GMT") == at);
  CHECK(!parse_http_date("24 Nov 2026"));
  CHECK(!parse_http_date("Tue, 24 Nox 2026 00:02:44 GMT"));
  CHECK(iso_time(at) == "2026-11-24T00:02:44Z");
  CHECK(parse_iso_time("2026-11-24T00:02:44Z") == at * 1000);
  CHECK(parse_iso_time("2026-11-24T00:02:44.5Z") == at * 1000 + 500);
  CHECK(parse_iso_time("2022-09-06T23:47:58.4177348Z") == 1662508078417);
  CHECK(!parse_iso_time("2026-11-24 00:02:44"));
  CHECK(!parse_iso_time("2026-11-24T00:02:44.Z"));
  CHECK(iso_duration(5400) == "PT1H30M");
  CHECK(iso_duration(0) == "PT0S");
  CHECK(iso_duration(59) == "PT59S");
}

TEST_CASE("signatures, tokens and keys are taken out of texts") {
  CHECK(scrubbed("https://a/c?sv=1&sig=abc%3D&se=2") == "https://a/c?sv=1&sig=***&se=2");
  CHECK(scrubbed("url=https%3A%2F%2Fa%3Fsig%3Dabc%26x") == "url=https%3A%2F%2Fa%3Fsig%3D***%26x");
  CHECK(scrubbed("Authorization: Bearer ey.J0") == "Authorization: Bearer ***");
  CHECK(scrubbed("SharedKey acct:abc= end") == "SharedKey *** end");
  CHECK(scrubbed("AccountName=a;AccountKey=k==;X=1") == "AccountName=a;AccountKey=***;X=1");
  CHECK(scrubbed("{\"access_token\":\"abc\",\"n\":1}") == "{\"access_token\":\"***\",\"n\":1}");
  CHECK(scrubbed("client_id=a&client_secret=s&x=1") == "client_id=a&client_secret=***&x=1");
  CHECK(scrubbed("nothing to hide") == "nothing to hide");
}
