// SPDX-License-Identifier: MIT
#include "support/raw_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "azure/text.hpp"

namespace clusterless::tests {
namespace {

/// Reads one request with its body; false at the end of the connection.
bool read_request(int fd, std::string& buffer, std::string& request) {
  char part[65536];
  for (;;) {
    const auto end = buffer.find("\r\n\r\n");
    if (end != std::string::npos) {
      const std::string head = azure::lower_case(buffer.substr(0, end));
      const auto length = head.find("\r\ncontent-length:");
      const std::size_t body =
          length == std::string::npos ? 0 : std::strtoull(head.c_str() + length + 17, nullptr, 10);
      if (buffer.size() >= end + 4 + body) {
        request = buffer.substr(0, end + 4 + body);
        buffer.erase(0, end + 4 + body);
        return true;
      }
    }
    const auto n = ::recv(fd, part, sizeof part, 0);
    if (n <= 0) return false;
    buffer.append(part, static_cast<std::size_t>(n));
  }
}

void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace

raw_server::raw_server(std::function<raw_answer(const std::string&)> answer)
    : answer_(std::move(answer)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in at = {};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  auto* address = reinterpret_cast<sockaddr*>(&at);
  if (::bind(listener_.get(), address, size) != 0 || ::listen(listener_.get(), 64) != 0 ||
      ::getsockname(listener_.get(), address, &size) != 0)
    throw std::runtime_error("no port on loopback");
  port_ = ntohs(at.sin_port);
  acceptor_ = std::thread(&raw_server::accept_all, this);
}

raw_server::~raw_server() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    for (const int fd : open_)
      ::shutdown(fd, SHUT_RDWR);
  }
  ::shutdown(listener_.get(), SHUT_RDWR);
  acceptor_.join();
  for (std::thread& one : threads_)
    one.join();
}

std::vector<std::string> raw_server::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void raw_server::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const std::lock_guard lock(mutex_);
    if (stop_) {
      ::close(fd);
      return;
    }
    ++connections_;
    open_.push_back(fd);
    threads_.emplace_back(&raw_server::serve, this, fd);
  }
}

void raw_server::serve(int fd) {
  std::string buffer, request;
  while (read_request(fd, buffer, request)) {
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    raw_answer answer;
    {
      const std::lock_guard lock(answering_);
      answer = answer_(request);
    }
    if (answer.silent) continue;
    send_all(fd, answer.bytes);
    if (answer.close) break;
  }
  const std::lock_guard lock(mutex_);
  std::erase(open_, fd);
  ::close(fd);
}

std::string http_answer(int status, const std::string& body, const std::string& headers) {
  return "HTTP/1.1 " + std::to_string(status) +
         " Said\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" +
         body;
}

}  // namespace clusterless::tests
