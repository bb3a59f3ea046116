// SPDX-License-Identifier: MIT
#include "config/credentials.hpp"

#include <sys/stat.h>

#include <doctest/doctest.h>
#include <clusterless/error.hpp>

#include "config/test_files.hpp"

namespace config = clusterless::config;

namespace {

// One account as the model's deploy script writes it; `key` is base64 of nothing secret.
constexpr std::string_view whole = R"({
  "_AD_TENANT": "11111111-2222-3333-4444-555555555555",
  "_AD_BATCH_CLIENT_ID": "66666666-7777-8888-9999-000000000000",
  "_AD_SECRET_BATCH": "hush-hush",
  "_BATCH_ACCOUNT_URL": "https://mybatch.canadacentral.batch.azure.com",
  "_BATCH_RESOURCE": "https://batch.core.windows.net/",
  "_STORAGE_ACCOUNT_NAME": "mystorage",
  "_STORAGE_ACCOUNT_KEY": "c2VjcmV0LWtleQ==",
  "_REGION": "canadacentral"
})";

std::string refusal(std::string_view text) {
  try {
    config::parse_credentials(text, "c.json");
  } catch (const clusterless::error& refused) {
    CHECK(refused.kind() == clusterless::error_kind::misuse);
    return refused.what();
  }
  return "accepted";
}

// `whole` with one line replaced, or taken out with its comma.
std::string with_line(std::string_view key, std::string_view line) {
  std::string text(whole);
  const std::size_t at = text.find("  \"" + std::string(key));
  REQUIRE(at != std::string::npos);
  const std::size_t end = text.find('\n', at);
  return line.empty() ? text.erase(at, end + 1 - at)
                      : text.replace(at, end - at, std::string(line));
}

}  // namespace

TEST_CASE("one account is read with all its keys") {
  const config::credentials c = config::parse_credentials(whole, "c.json");

  REQUIRE(c.accounts.size() == 1);
  const config::account& a = c.accounts[0];
  CHECK(a.tenant == "11111111-2222-3333-4444-555555555555");
  CHECK(a.client_id == "66666666-7777-8888-9999-000000000000");
  CHECK(a.client_secret.reveal() == "hush-hush");
  CHECK(a.batch_url == "https://mybatch.canadacentral.batch.azure.com");
  CHECK(a.batch_resource == "https://batch.core.windows.net/");
  CHECK(a.batch_account_name == "mybatch");
  CHECK(a.storage_account_name == "mystorage");
  CHECK(a.storage_account_key.reveal() == "c2VjcmV0LWtleQ==");
  CHECK(a.region == "canadacentral");
  CHECK(a.batch_account_key.empty());
  CHECK(c.notes.empty());
}

TEST_CASE("several accounts stand in an array") {
  const std::string two = "[" + std::string(whole) + ",\n" + std::string(whole) + "]";
  const config::credentials c = config::parse_credentials(two, "c.json");

  REQUIRE(c.accounts.size() == 2);
  CHECK(c.accounts[0].line == 1);
  CHECK(c.accounts[1].line == 11);
  CHECK(refusal("[]") == "c.json: there is no account in it; add one");
}

TEST_CASE("region, resource and insights are optional") {
  CHECK(refusal(with_line("_BATCH_RESOURCE", "")) == "accepted");
  CHECK(refusal(with_line("_REGION",
                          "\"_APP_INSIGHTS_APP_ID\": \"i\", "
                          "\"_APP_INSIGHTS_INSTRUMENTATION_KEY\": \"k\"")) == "accepted");
  CHECK(config::parse_credentials(with_line("_BATCH_RESOURCE", ""), "c.json")
            .accounts[0]
            .batch_resource == "https://batch.core.windows.net/");
}

TEST_CASE("an account key may stand for the service principal") {
  const std::string shared_key = R"({"_BATCH_ACCOUNT_URL": "http://127.0.0.1:9000",
    "_BATCH_ACCOUNT_NAME": "dev", "_BATCH_ACCOUNT_KEY": "AAAA",
    "_STORAGE_ACCOUNT_NAME": "s", "_STORAGE_ACCOUNT_KEY": "AAAA"})";
  const config::credentials c = config::parse_credentials(shared_key, "c.json");

  CHECK(c.accounts[0].batch_account_name == "dev");
  CHECK(c.accounts[0].batch_account_key.reveal() == "AAAA");
  CHECK(refusal(R"({"_BATCH_ACCOUNT_URL": "http://127.0.0.1:9000", "_BATCH_ACCOUNT_KEY": "AAAA",
    "_STORAGE_ACCOUNT_NAME": "s", "_STORAGE_ACCOUNT_KEY": "AAAA"})") ==
        "c.json line 1: \"_BATCH_ACCOUNT_NAME\" is missing in this account, and "
        "\"_BATCH_ACCOUNT_URL\" does not tell it");
}

TEST_CASE("what an account lacks is told together") {
  CHECK(refusal("{}") ==
        "c.json line 1: \"_BATCH_ACCOUNT_URL\" is missing in this account\n"
        "c.json line 1: \"_STORAGE_ACCOUNT_NAME\" is missing in this account\n"
        "c.json line 1: \"_STORAGE_ACCOUNT_KEY\" is missing in this account\n"
        "c.json line 1: this account has no way into Batch; set \"_AD_TENANT\", "
        "\"_AD_BATCH_CLIENT_ID\" and \"_AD_SECRET_BATCH\", or \"_BATCH_ACCOUNT_KEY\"");
  CHECK(refusal(with_line("_AD_SECRET_BATCH", "")) ==
        "c.json line 1: \"_AD_SECRET_BATCH\" is missing in this account");
}

TEST_CASE("a wrong value is told without repeating it") {
  const auto secret = [](const std::string& value) {
    return refusal(with_line("_AD_SECRET_BATCH", "\"_AD_SECRET_BATCH\": " + value + ","));
  };
  const std::string start = "c.json line 4: \"_AD_SECRET_BATCH\" ";

  CHECK(secret("\"\"") == start + "is empty; fill it in");
  CHECK(secret("\"xxxxxxxx-xxxx\"") == start + "still holds the template's xxxx; fill it in");
  CHECK(secret("\"two words\"") == start + "holds spaces or control characters; copy it again");
  CHECK(secret("12345678") == start + "must be a text in double quotes");
  CHECK(secret("null") == start + "must be a text in double quotes");
  CHECK(
      refusal(with_line("_STORAGE_ACCOUNT_KEY", "\"_STORAGE_ACCOUNT_KEY\": \"c2VjcmV0LWtleQ\",")) ==
      "c.json line 8: \"_STORAGE_ACCOUNT_KEY\" is not base64 as account keys are; copy it whole");
  CHECK(refusal(with_line("_BATCH_ACCOUNT_URL", "\"_BATCH_ACCOUNT_URL\": \"mybatch\",")) ==
        "c.json line 5: \"_BATCH_ACCOUNT_URL\" must start with https:// or http:// and hold no "
        "spaces");
  CHECK(
      refusal(with_line("_BATCH_ACCOUNT_URL",
                        "\"_BATCH_ACCOUNT_URL\": \"http://a.eastus.batch.azure.com\",")) ==
      "c.json line 5: \"_BATCH_ACCOUNT_URL\" would send what is secret in the clear over http://; "
      "write https://");
}

TEST_CASE("unknown, repeated and swapped keys are told") {
  CHECK(refusal(with_line("_REGION", "\"_RGEION\": \"x\"")) ==
        "c.json line 9: unknown key \"_RGEION\"; did you mean \"_REGION\"?");
  CHECK(refusal(with_line("_REGION", "\"_AD_TENANT\": \"x\"")) ==
        "c.json line 9: \"_AD_TENANT\" is set already in line 2; keep one of them");
  CHECK(
      refusal(with_line("_REGION", "\"_POOL_COUNT\": \"2\"")) ==
      "c.json line 9: \"_POOL_COUNT\" is a key of parameters.json; is CREDENTIALS the right file?");
  CHECK(refusal(with_line("_REGION", "\"my-secret-in-the-wrong-place\": \"\""))
            .starts_with("c.json line 9: unknown key (not shown: it may be a secret); known are "
                         "_AD_TENANT, "));
}

TEST_CASE("text that is not JSON is told without what it holds") {
  CHECK(
      refusal(with_line("_AD_SECRET_BATCH", "\"_AD_SECRET_BATCH\": hush-hush,")) ==
      "c.json line 4 column 21: this is not JSON: found something that may be a secret instead of "
      "a value; texts stand in double quotes");
}

TEST_CASE("a credentials file that others can read is noted") {
  const config::test_folder folder;
  const std::string path = folder.write("credentials.json", whole);

  CHECK(config::load_credentials(path).notes.empty());
  REQUIRE(::chmod(path.c_str(), 0644) == 0);
  const config::credentials open_to_all = config::load_credentials(path);
  REQUIRE(open_to_all.notes.size() == 1);
  CHECK(open_to_all.notes[0] ==
        path + ": other users of this machine can read the keys in it; run chmod 600");
}

TEST_CASE("a credentials file that cannot be read is told with its path") {
  const config::test_folder folder;
  const std::string absent = folder.path("credentials.json");

  CHECK_THROWS_WITH_AS(config::load_credentials(absent),
                       ("cannot read the credentials file \"" + absent +
                        "\": No such file or directory; correct the path in CREDENTIALS or "
                        "pool_options.credentials")
                           .c_str(),
                       clusterless::error);
}
