// SPDX-License-Identifier: MIT
#include "os/tcp.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>

#include <clusterless/error.hpp>

#include "os/fail.hpp"

namespace clusterless::os {

namespace {

using addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

addresses look_up(const std::string& address, std::uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (code != 0)
    throw error(error_kind::failed,
                "the host '" + address + "' is not known here: " + ::gai_strerror(code));
  return {found, &::freeaddrinfo};
}

unique_fd socket_for(const addrinfo& at) {
  unique_fd made(
      ::socket(at.ai_family, at.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, at.ai_protocol));
  if (!made) fail("a socket");
  return made;
}

// A host that vanishes does not say so: the kernel asks, and gives up after half a minute.
void notice_silence(int fd) {
  const auto set = [fd](int level, int what, int value) {
    ::setsockopt(fd, level, what, &value, sizeof value);
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 10);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set(IPPROTO_TCP, TCP_KEEPCNT, 4);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 30'000);
}

std::uint16_t port_of(int fd) {
  sockaddr_storage at{};
  socklen_t size = sizeof at;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) != 0) fail("a socket's port");
  return at.ss_family == AF_INET6 ? ntohs(reinterpret_cast<const sockaddr_in6&>(at).sin6_port)
                                  : ntohs(reinterpret_cast<const sockaddr_in&>(at).sin_port);
}

}  // namespace

listener listen_on(const std::string& address, std::uint16_t port, int ports) {
  return listen_on(std::vector{address}, port, ports);
}

listener listen_on(const std::vector<std::string>& addresses, std::uint16_t port, int ports) {
  std::string tried;
  for (int i = 0; i < ports; ++i) {
    for (const auto& address : addresses) {
      const auto at = look_up(address, static_cast<std::uint16_t>(port + i), AI_PASSIVE);
      unique_fd made = socket_for(*at);
      const int on = 1;
      ::setsockopt(made.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
      if (::bind(made.get(), at->ai_addr, at->ai_addrlen) == 0 && ::listen(made.get(), 16) == 0) {
        const std::uint16_t got = port_of(made.get());
        return {std::move(made), got};
      }
      if (i == 0) tried += (tried.empty() ? "" : " or ") + address;
      if (errno != EADDRINUSE && errno != EADDRNOTAVAIL)
        fail("a port of " + tried + " to listen on");
    }
  }
  fail("a port of " + tried + " to listen on");
}

unique_fd accept_from(const listener& at) {
  unique_fd got(::accept4(at.socket.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (got) notice_silence(got.get());
  return got;
}

unique_fd begin_connect(const std::string& address, std::uint16_t port) {
  const auto at = look_up(address, port, 0);
  unique_fd made = socket_for(*at);
  notice_silence(made.get());
  // Whatever comes of it, connected() tells.
  static_cast<void>(::connect(made.get(), at->ai_addr, at->ai_addrlen));
  return made;
}

std::optional<bool> connected(const unique_fd& socket) {
  pollfd look{socket.get(), POLLOUT, 0};
  if (::poll(&look, 1, 0) <= 0 || look.revents == 0) return std::nullopt;
  int code = 0;
  socklen_t size = sizeof code;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &code, &size);
  sockaddr_storage peer{};
  socklen_t peer_size = sizeof peer;
  if (code == 0 && ::getpeername(socket.get(), reinterpret_cast<sockaddr*>(&peer), &peer_size) == 0)
    return true;
  errno = code != 0 ? code : ECONNREFUSED;
  return false;
}

}  // namespace clusterless::os
