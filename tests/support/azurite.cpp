// SPDX-License-Identifier: MIT
#include "support/azurite.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>

#include "azure/crypto.hpp"
#include "os/process.hpp"
#include "os/unique_fd.hpp"
#include "support/scratch_directory.hpp"

namespace clusterless::tests {
namespace {

namespace fs = std::filesystem;

constexpr int patience_ms = 60'000;

std::string program_in_path(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::string rest = path != nullptr ? path : "";
  while (!rest.empty()) {
    const auto colon = rest.find(':');
    const std::string found = rest.substr(0, colon) + "/" + name;
    if (::access(found.c_str(), X_OK) == 0) return found;
    rest = colon == std::string::npos ? "" : rest.substr(colon + 1);
  }
  return {};
}

int free_port() {
  const os::unique_fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in at = {};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&at), size) != 0 ||
      ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&at), &size) != 0)
    return 0;
  return ntohs(at.sin_port);
}

class server {
 public:
  server(const std::string& node, const std::string& program) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return;
    output_ = os::unique_fd(ends[0]);
    const os::unique_fd write_end(ends[1]);
    const std::string port = std::to_string(free_port());
    os::start_request how;
    how.path = node;
    how.argv = {node,        program,      "--silent", "--inMemoryPersistence", "--blobHost",
                "127.0.0.1", "--blobPort", port,       "--disableTelemetry"};
    how.directory = place_.path();
    how.output = write_end.get();
    child_ = os::child_process::start(how);
    facts_.endpoint = "http://127.0.0.1:" + port + "/devstoreaccount1";
    facts_.connection_string =
        "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey="
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
        "BlobEndpoint=" +
        facts_.endpoint + ";";
  }

  /// Reads what it prints until it listens.
  bool listens() {
    char part[4096];
    while (said_.find("successfully listen") == std::string::npos) {
      pollfd wait = {output_.get(), POLLIN, 0};
      if (::poll(&wait, 1, patience_ms) <= 0) return false;
      const auto n = ::read(output_.get(), part, sizeof part);
      if (n <= 0) return false;
      said_.append(part, static_cast<std::size_t>(n));
    }
    return true;
  }
  const azurite& facts() const { return facts_; }
  const std::string& said() const { return said_; }

 private:
  scratch_directory place_;
  os::unique_fd output_;
  os::child_process child_;
  azurite facts_;
  std::string said_;
};

std::unique_ptr<server> start(std::string& why) {
  const std::string program =
      std::string(CLUSTERLESS_TEST_AZURITE) + "/node_modules/azurite/dist/src/blob/main.js";
  const std::string node = program_in_path("node");
  if (node.empty() || !fs::exists(program)) {
    why = "Azurite is not installed: run tools/ci/azurite";
    return nullptr;
  }
  auto made = std::make_unique<server>(node, program);
  if (made->listens()) return made;
  why = "Azurite did not start: " + made->said();
  return nullptr;
}

}  // namespace

const azurite* running_azurite() {
  static std::string why;
  static const std::unique_ptr<server> only = start(why);
  if (only) return &only->facts();
  MESSAGE("skipped: " << why);
  return nullptr;
}

std::string fresh_container() {
  return "t-" + azure::random_uuid();
}

}  // namespace clusterless::tests
