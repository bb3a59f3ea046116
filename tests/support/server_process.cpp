// SPDX-License-Identifier: MIT
#include "support/server_process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace clusterless::tests {
namespace {

constexpr int patience_ms = 60'000;

}  // namespace

server_process::server_process(std::vector<std::string> argv, const std::string& directory) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe for " + argv.front());
  output_ = os::unique_fd(ends[0]);
  const os::unique_fd write_end(ends[1]);
  os::start_request how;
  how.path = argv.front();
  how.argv = std::move(argv);
  how.directory = directory;
  how.output = write_end.get();
  child_ = os::child_process::start(how);
}

bool server_process::says(const std::string& text) {
  char part[4096];
  while (said_.find(text) == std::string::npos) {
    pollfd wait = {output_.get(), POLLIN, 0};
    if (::poll(&wait, 1, patience_ms) <= 0) return false;
    const auto n = ::read(output_.get(), part, sizeof part);
    if (n <= 0) return false;
    said_.append(part, static_cast<std::size_t>(n));
  }
  return true;
}

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

bool make_certificate(const std::string& certificate, const std::string& key) {
  const std::string openssl = program_in_path("openssl");
  if (openssl.empty()) return false;
  server_process making(
      {openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
       "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", key,
       "-out", certificate},
      "/");
  making.says("what it never says: this reads to its end");
  return ::access(certificate.c_str(), R_OK) == 0;
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

}  // namespace clusterless::tests
