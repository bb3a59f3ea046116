// SPDX-License-Identifier: MIT
// The socket: reads requests, asks a handler, writes what it answers, over http or https. Faults
// that only a connection can have (resets, slow and truncated bodies) happen here. Hides
// cpp-httplib.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "emulator/http.hpp"

namespace clusterless::emulator {

struct http_server_options {
  std::string host = "127.0.0.1";
  int port = 0;                  ///< 0: any that is free
  std::string certificate = {};  ///< PEM file; empty: http
  std::string key = {};          ///< PEM file
};

/// What is to go wrong with one exchange.
struct http_fault {
  bool reset_before = false;                 ///< the handler is not asked
  bool reset_after = false;                  ///< the handler was asked, its answer is lost
  int delay_ms = 0;                          ///< before the handler is asked
  int slow_ms = 0;                           ///< before each kilobyte of the body
  std::optional<std::size_t> truncate = {};  ///< bytes of the body that still come
  std::optional<http_answer> answer = {};    ///< given without asking the handler
};

class http_server {
 public:
  using handler = std::function<http_answer(const http_request&)>;
  using fault_source = std::function<http_fault(const http_request&)>;

  /// Binds; throws `error` when the port is taken or the certificate cannot be read.
  http_server(const http_server_options& options, handler answer, fault_source fault);
  ~http_server();
  int port() const noexcept { return port_; }
  /// Serves until stop().
  void serve();
  void stop();

 private:
  class implementation;
  std::unique_ptr<implementation> inside_;
  int port_ = 0;
};

}  // namespace clusterless::emulator
