// SPDX-License-Identifier: MIT
// A server on loopback that answers with the bytes it is told to, for tests of a real client: it
// can cut answers off, stay silent and close connections.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "os/unique_fd.hpp"

namespace clusterless::tests {

struct raw_answer {
  std::string bytes = {};
  bool close = false;   ///< the connection, after the bytes
  bool silent = false;  ///< until the server ends: no answer, no end
};

class raw_server {
 public:
  /// `answer` is called with each request, head and body: one at a time, on threads of its own.
  explicit raw_server(std::function<raw_answer(const std::string& request)> answer);
  ~raw_server();
  raw_server(const raw_server&) = delete;
  raw_server& operator=(const raw_server&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int port() const { return port_; }
  int connections() const { return connections_; }
  std::vector<std::string> requests() const;

 private:
  void accept_all();
  void serve(int fd);

  std::function<raw_answer(const std::string&)> answer_;
  os::unique_fd listener_;
  int port_ = 0;
  std::atomic<int> connections_ = 0;
  std::mutex answering_;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::vector<int> open_;
  bool stop_ = false;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

/// "HTTP/1.1 STATUS …" with a Content-Length and `headers`, each ending in "\r\n".
std::string http_answer(int status, const std::string& body, const std::string& headers = {});

}  // namespace clusterless::tests
