// SPDX-License-Identifier: MIT
// The token service of token_stub.py, with a certificate of its own.
#pragma once

#include <memory>
#include <string>

#include "support/scratch_directory.hpp"
#include "support/server_process.hpp"

namespace clusterless::tests {

class token_server {
 public:
  /// Null, after a message that says why, when openssl or python3 is not there.
  static std::unique_ptr<token_server> start();

  std::string url() const { return "https://127.0.0.1:" + port_; }
  std::string certificate() const { return place_.path() + "/cert.pem"; }

 private:
  scratch_directory place_;
  std::unique_ptr<server_process> process_;
  std::string port_;
};

}  // namespace clusterless::tests
