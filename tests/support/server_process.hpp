// SPDX-License-Identifier: MIT
// A server that a test starts as a process of its own and that ends with the test.
#pragma once

#include <string>
#include <vector>

#include "os/process.hpp"
#include "os/unique_fd.hpp"

namespace clusterless::tests {

class server_process {
 public:
  /// Starts argv[0], a path, in `directory`.
  server_process(std::vector<std::string> argv, const std::string& directory);

  /// Reads what it prints until `text` is in it; false when it ends before, or after a minute.
  bool says(const std::string& text);
  const std::string& said() const { return said_; }

 private:
  os::unique_fd output_;
  os::child_process child_;
  std::string said_;
};

/// The path of a program in PATH; empty when there is none.
std::string program_in_path(const std::string& name);

/// Writes a certificate for 127.0.0.1 and its key with the program openssl; false when it cannot.
bool make_certificate(const std::string& certificate, const std::string& key);

/// A port of loopback that nobody listens at; 0 when there is none.
int free_port();

}  // namespace clusterless::tests
