// SPDX-License-Identifier: MIT
// TCP sockets that do not block: listening on one of a few ports, taking connections, making them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "os/unique_fd.hpp"

namespace clusterless::os {

struct listener {
  unique_fd socket;
  std::uint16_t port = 0;
};

/// Listens on `address` (numeric IPv4 or IPv6, or a host name) at the first free port from `port`
/// on, trying `ports` of them; port 0: any. Throws `error`.
listener listen_on(const std::string& address, std::uint16_t port, int ports = 1);
/// The same at the first of `addresses` that is this machine's and has the port free.
listener listen_on(const std::vector<std::string>& addresses, std::uint16_t port, int ports);

/// A connection that has come in; none: an empty descriptor.
unique_fd accept_from(const listener& at);

/// Begins to connect. Throws `error` when the address means nothing.
unique_fd begin_connect(const std::string& address, std::uint16_t port);
/// After the socket has become writable or in between: true when it is connected, nothing while it
/// is not decided, false when it was refused; `errno` tells why.
std::optional<bool> connected(const unique_fd& socket);

}  // namespace clusterless::os
