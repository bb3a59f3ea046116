// SPDX-License-Identifier: MIT
// Stands between a client and the test's Blob server and loses things on request: requests before
// they take effect, answers after they did, whole services for a moment.
#pragma once

#include <functional>
#include <string>

#include "support/azurite.hpp"
#include "support/raw_server.hpp"

namespace clusterless::tests {

enum class fault { none, lost_before, lost_after, busy };

class blob_proxy {
 public:
  /// `decide` is called with each request's first line.
  blob_proxy(const azurite& server, std::function<fault(const std::string& line)> decide);

  /// As of the server behind it.
  std::string connection_string() const;

 private:
  raw_answer forward(const std::string& request) const;

  azurite server_;
  std::function<fault(const std::string&)> decide_;
  raw_server front_;
};

}  // namespace clusterless::tests
