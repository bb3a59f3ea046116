// SPDX-License-Identifier: MIT
#include "support/azurite.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <memory>
#include <vector>

#include "azure/clock.hpp"
#include "azure/crypto.hpp"
#include "support/scratch_directory.hpp"
#include "support/server_process.hpp"

namespace clusterless::tests {
namespace {

constexpr const char* account = "devstoreaccount1";

struct server {
  server(const std::string& node, const std::string& program, bool tokens)
      : port(std::to_string(free_port())) {
    std::vector<std::string> argv = {
        node,        program,      "--silent", "--inMemoryPersistence", "--blobHost",
        "127.0.0.1", "--blobPort", port,       "--disableTelemetry"};
    if (tokens) {
      with_tokens.certificate = place.path() + "/cert.pem";
      const std::string key = place.path() + "/key.pem";
      if (!make_certificate(with_tokens.certificate, key)) return;
      for (const std::string& one :
           {std::string("--oauth"), std::string("basic"), std::string("--cert"),
            with_tokens.certificate, std::string("--key"), key})
        argv.push_back(one);
    }
    process = std::make_unique<server_process>(argv, place.path());
    facts.endpoint = "http://127.0.0.1:" + port + "/" + account;
    facts.connection_string =
        "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey="
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
        "BlobEndpoint=" +
        facts.endpoint + ";";
    with_tokens.endpoint = "https://127.0.0.1:" + port + "/" + account;
    with_tokens.token = unsigned_token();
  }

  /// A JSON web token that says who it is for and proves nothing: Azurite looks no further.
  static std::string unsigned_token() {
    const std::int64_t now = azure::machine_clock().unix_seconds();
    const std::string from = std::to_string(now - 60), to = std::to_string(now + 3600);
    const std::string claims =
        R"({"aud":"https://storage.azure.com","iss":"https://sts.windows.net/)"
        R"(00000000-0000-0000-0000-000000000001/","tid":"00000000-0000-0000-0000-000000000001",)"
        R"("oid":"00000000-0000-0000-0000-000000000002","iat":)" +
        from + ",\"nbf\":" + from + ",\"exp\":" + to + "}";
    return web_base64(R"({"alg":"none","typ":"JWT"})") + "." + web_base64(claims) + ".x";
  }
  static std::string web_base64(const std::string& text) {
    std::string out = azure::base64(text);
    for (char& c : out)
      c = c == '+' ? '-' : c == '/' ? '_' : c;
    return out.substr(0, out.find('='));
  }

  scratch_directory place;
  std::string port;
  std::unique_ptr<server_process> process;
  azurite facts;
  token_azurite with_tokens;
};

std::unique_ptr<server> start(bool tokens, std::string& why) {
  const std::string program =
      std::string(CLUSTERLESS_TEST_AZURITE) + "/node_modules/azurite/dist/src/blob/main.js";
  const std::string node = program_in_path("node");
  if (node.empty() || !std::filesystem::exists(program)) {
    why = "Azurite is not installed: run tools/ci/azurite";
    return nullptr;
  }
  auto made = std::make_unique<server>(node, program, tokens);
  if (made->process && made->process->says("successfully listen")) return made;
  why = made->process ? "Azurite did not start: " + made->process->said()
                      : std::string("openssl made no certificate");
  return nullptr;
}

}  // namespace

const azurite* running_azurite() {
  static std::string why;
  static const std::unique_ptr<server> only = start(false, why);
  if (only) return &only->facts;
  MESSAGE("skipped: " << why);
  return nullptr;
}

const token_azurite* running_token_azurite() {
  static std::string why;
  static const std::unique_ptr<server> only = start(true, why);
  if (only) return &only->with_tokens;
  MESSAGE("skipped: " << why);
  return nullptr;
}

std::string fresh_container() {
  return "t-" + azure::random_uuid();
}

}  // namespace clusterless::tests
