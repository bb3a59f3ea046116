// SPDX-License-Identifier: MIT
#include "support/azurite.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <memory>

#include "azure/crypto.hpp"
#include "support/scratch_directory.hpp"
#include "support/server_process.hpp"

namespace clusterless::tests {
namespace {

struct server {
  server(const std::string& node, const std::string& program)
      : port(std::to_string(free_port())),
        process({node, program, "--silent", "--inMemoryPersistence", "--blobHost", "127.0.0.1",
                 "--blobPort", port, "--disableTelemetry"},
                place.path()) {
    facts.endpoint = "http://127.0.0.1:" + port + "/devstoreaccount1";
    facts.connection_string =
        "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey="
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
        "BlobEndpoint=" +
        facts.endpoint + ";";
  }

  scratch_directory place;
  std::string port;
  server_process process;
  azurite facts;
};

std::unique_ptr<server> start(std::string& why) {
  const std::string program =
      std::string(CLUSTERLESS_TEST_AZURITE) + "/node_modules/azurite/dist/src/blob/main.js";
  const std::string node = program_in_path("node");
  if (node.empty() || !std::filesystem::exists(program)) {
    why = "Azurite is not installed: run tools/ci/azurite";
    return nullptr;
  }
  auto made = std::make_unique<server>(node, program);
  if (made->process.says("successfully listen")) return made;
  why = "Azurite did not start: " + made->process.said();
  return nullptr;
}

}  // namespace

const azurite* running_azurite() {
  static std::string why;
  static const std::unique_ptr<server> only = start(why);
  if (only) return &only->facts;
  MESSAGE("skipped: " << why);
  return nullptr;
}

std::string fresh_container() {
  return "t-" + azure::random_uuid();
}

}  // namespace clusterless::tests
