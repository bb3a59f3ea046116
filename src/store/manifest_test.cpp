// SPDX-License-Identifier: MIT
#include "store/manifest.hpp"

#include <doctest/doctest.h>

#include <clusterless/error.hpp>
#include <string>

#include "core/checksum.hpp"

using namespace clusterless;
using namespace clusterless::store;

namespace {

manifest full_manifest() {
  manifest m;
  m.name = "survey-1";
  m.run = "survey-1-3f2a";
  m.created_ms = 1790000000123;
  m.host = "n1";
  m.library = "0.1.0";
  m.program = "/home/u/with space/\xff\xfe not utf-8";
  m.arguments = {"prog", "", "a\nb", "quote\"s", std::string("nul\0inside", 10), "\xc3\xa4"};
  m.directory = "/home/u/..";
  m.build = "0123456789abcdef";
  m.function = {0x1234567890, 77, "say_hello(std::vector<std::string> const&)"};
  m.item_schema = "vector<string>";
  m.result_schema = "i64";
  m.total = 12345678901234567890u;
  m.bound_size = 10;
  m.bound_sum = 0xfedcba9876543210;
  m.options.nodes_per_task = 2;
  m.options.timeout = std::chrono::hours(2);
  m.options.retries = {3, 0};
  m.options.items_per_task = 7;
  m.options.on_error = on_error::stop;
  m.options.priority = -5;
  m.options.env = {{"A", "1"}, {"A", "2"}, {"B", "\x80"}};
  m.options.max_item_bytes = 1u << 30;
  m.options.prints = false;
  m.pool = {"local", 2, 4, 4, 1, 8, "start up.sh", 3, {}, "$x = 1;", 6, "/subscriptions/1"};
  return m;
}

manifest parse(const std::string& text) {
  return parse_manifest(std::as_bytes(std::span(text)), "/s/jobs/x/manifest");
}

std::string refusal(const std::string& text, error_kind kind = error_kind::failed) {
  try {
    parse(text);
  } catch (const error& e) {
    CHECK(e.kind() == kind);
    return e.what();
  }
  return "(accepted)";
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const auto at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), by);
}

/// `text` with its checksum made right again, as a hostile hand would. Works on compact JSON whose
/// keys are sorted and whose checksum stands between two other keys.
std::string resealed(std::string text) {
  const std::string mark = "\"checksum\":\"";
  const auto at = text.find(mark);
  REQUIRE(at != std::string::npos);
  std::string rest = text;
  rest.erase(at, mark.size() + 16 + 2);
  const std::string sum = core::to_hex(core::checksum64(rest.data(), rest.size()));
  return text.replace(at + mark.size(), 16, sum);
}

std::string compact(const std::string& pretty) {
  std::string out;
  bool in_text = false;
  for (std::size_t i = 0; i < pretty.size(); ++i) {
    if (pretty[i] == '"' && pretty[i - 1] != '\\') in_text = !in_text;
    if (in_text || (pretty[i] != ' ' && pretty[i] != '\n')) out += pretty[i];
  }
  return out;
}

}  // namespace

TEST_CASE("a manifest comes back as it was, bytes that are not text included") {
  const manifest m = full_manifest();
  const manifest back = parse(format_manifest(m));

  CHECK(back.program == m.program);
  CHECK(back.arguments == m.arguments);
  CHECK(back.function.entry == m.function.entry);
  CHECK(back.function.target == m.function.target);
  CHECK(back.total == m.total);
  CHECK(back.bound_sum == m.bound_sum);
  CHECK(back.options.name == "survey-1");
  CHECK(back.options.nodes_per_task == 2);
  CHECK(!back.options.procs_per_node);
  CHECK(back.options.timeout == std::chrono::hours(2));
  CHECK(back.options.retries.user == 3);
  CHECK(back.options.retries.lost == 0);
  CHECK(back.options.on_error == on_error::stop);
  CHECK(back.options.env == m.options.env);
  CHECK(back.pool.startup_script == "start up.sh");
  CHECK(back.pool.spot_nodes == 3);
  CHECK_FALSE(back.pool.tasks_per_node);
  CHECK(back.pool.autoscale_formula == "$x = 1;");
  CHECK(back.pool.autoscale_minutes == 6);
  CHECK(back.pool.image_resource_id == "/subscriptions/1");
  CHECK(format_manifest(back) == format_manifest(m));

  const manifest empty = parse(format_manifest({}));
  CHECK(!empty.total);
  CHECK(!empty.function.target);
  CHECK(format_manifest(empty) == format_manifest({}));
}

TEST_CASE("a manifest cut at any byte is refused") {
  const std::string text = format_manifest(full_manifest());
  for (std::size_t n = 0; n + 1 < text.size(); ++n)
    REQUIRE(refusal(text.substr(0, n)).starts_with("/s/jobs/x/manifest is not the manifest"));
}

TEST_CASE("a changed byte is refused, or was white space") {
  const std::string text = format_manifest(full_manifest());
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const int flip : {1, 2, 0x20, 0x80}) {
      std::string changed = text;
      changed[at] = static_cast<char>(changed[at] ^ flip);
      try {
        const std::string back = format_manifest(parse(changed));
        REQUIRE(back == text);
        REQUIRE((text[at] == ' ' || text[at] == '\n'));
      } catch (const error& e) {
        REQUIRE(std::string(e.what()).starts_with("/s/jobs/x/manifest"));
      }
    }
  }
}

TEST_CASE("what is no manifest is told in one line") {
  CHECK(refusal("") ==
        "/s/jobs/x/manifest is not the manifest of a job: it is no JSON from byte 1 on");
  CHECK(refusal("{\"a\":1}") ==
        "/s/jobs/x/manifest is not the manifest of a job: its format is another one");
  CHECK(refusal("[1,2]").find("its format is another one") != std::string::npos);
  CHECK(refusal(std::string(100000, '[')).find("nested too deeply") != std::string::npos);
  std::string deep = std::string(100000, '[') + std::string(100000, ']');
  CHECK(refusal(deep).find("nested too deeply") != std::string::npos);
  CHECK(refusal("\xff\xfe").find("no JSON") != std::string::npos);
  const std::string text = format_manifest(full_manifest());
  CHECK(refusal(replaced(text, "\"version\": 1", "\"version\": 2"), error_kind::unsupported) ==
        "/s/jobs/x/manifest has format version 2; this clusterless reads version 1");
  CHECK(
      refusal(replaced(text, "\"pools\": 2", "\"pools\": 3")).find("does not match its checksum") !=
      std::string::npos);
}

TEST_CASE("a manifest with a right checksum and wrong content names the key") {
  const std::string text = compact(format_manifest(full_manifest()));
  CHECK(resealed(text) == text);
  const auto changed = [&](const std::string& what, const std::string& by) {
    return refusal(resealed(replaced(text, what, by)));
  };
  CHECK(changed("\"pools\":2", "\"pools\":-2.5") ==
        "/s/jobs/x/manifest: key 'pool.pools' must be a whole number");
  CHECK(changed("\"pools\":2", "\"pools\":99999999999") ==
        "/s/jobs/x/manifest: key 'pool.pools' must be a whole number");
  CHECK(changed("\"bound_size\":10", "\"bound_size\":-1") ==
        "/s/jobs/x/manifest: key 'bound_size' must be a whole number, not negative");
  CHECK(changed("\"host\":\"n1\",", "") ==
        "/s/jobs/x/manifest: key 'host' is missing: it must be a text");
  CHECK(changed("\"host\":\"n1\"", "\"host\":{\"hex\":\"0\"}") ==
        "/s/jobs/x/manifest: key 'host' must be a text (its hexadecimal form is broken)");
  CHECK(changed("\"host\":\"n1\"", "\"host\":\"n1\",\"hosts\":1").find("unknown key 'hosts'") !=
        std::string::npos);
  CHECK(changed("\"on_error\":\"stop\"", "\"on_error\":\"stops\"") ==
        "/s/jobs/x/manifest: key 'options.on_error' must be 'keep_going' or 'stop'");
  CHECK(changed("[\"A\",\"1\"]", "[\"A\"]").find("'options.env' must be a list of [name, value]") !=
        std::string::npos);
  CHECK(changed("\"bound_sum\":\"fe", "\"bound_sum\":\"FE").find("16 hexadecimal digits") !=
        std::string::npos);
}

TEST_CASE("job names are short plain words") {
  for (const char* good : {"a", "survey-1", "A.b_c-9", "0"})
    CHECK_NOTHROW(check_job_name(good));
  CHECK_NOTHROW(check_job_name(std::string(64, 'x')));
  for (const char* bad : {"", ".", "..", ".x", "-x", "a/b", "../x", "a b", "a\nb", "x\xff", "ä"})
    CHECK_THROWS_AS(check_job_name(bad), error);
  CHECK_THROWS_AS(check_job_name(std::string(65, 'x')), error);
  CHECK_THROWS_AS(check_job_name(std::string("a\0b", 3)), error);
  CHECK_THROWS_WITH_AS(check_job_name("../x\n"), doctest::Contains("'../x\\n' cannot name a job"),
                       error);
}
