// SPDX-License-Identifier: MIT
#include "support/token_server.hpp"

#include <doctest/doctest.h>

namespace clusterless::tests {

std::unique_ptr<token_server> token_server::start() {
  const std::string python = program_in_path("python3");
  auto made = std::make_unique<token_server>();
  const std::string key = made->place_.path() + "/key.pem";
  if (python.empty() || !make_certificate(made->certificate(), key)) {
    MESSAGE("skipped: openssl and python3 are needed for a token service");
    return nullptr;
  }
  made->process_ = std::make_unique<server_process>(
      std::vector<std::string>{python, std::string(CLUSTERLESS_TEST_SUPPORT) + "/token_stub.py",
                               made->certificate(), key},
      made->place_.path());
  if (!made->process_->says("\n")) {
    MESSAGE("skipped: the token service did not start: " << made->process_->said());
    return nullptr;
  }
  constexpr std::string_view before = "listening ";
  const std::string& said = made->process_->said();
  made->port_ = said.substr(before.size(), said.find('\n') - before.size());
  return made;
}

}  // namespace clusterless::tests
