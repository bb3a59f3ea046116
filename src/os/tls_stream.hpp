// SPDX-License-Identifier: MIT
// A connection to another host, encrypted and authenticated both ways by a key that both ends have:
// TLS 1.3 with an external pre-shared key and a fresh Diffie-Hellman exchange (RFC 8446, 2.2 and
// 4.2.11), so that no certificate is needed and a key that leaks later opens nothing recorded
// before. Never blocks. OpenSSL is loaded when the first stream is made.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "os/unique_fd.hpp"

namespace clusterless::os {

/// The key of a link: 32 bytes from the kernel's random numbers.
using link_key = std::array<std::uint8_t, 32>;
link_key make_link_key();

/// Loads what streams need before the first one is made; the names of these libraries. Throws
/// `error` (unsupported) when OpenSSL is not there.
std::vector<std::string> load_tls();

class tls_stream {
 public:
  enum class end : std::uint8_t { connects, accepts };
  enum class state : std::uint8_t {
    handshaking,
    open,
    closed,  ///< by the peer, or it is not there any more
    failed,  ///< it does not have the key, or speaks something else
  };

  /// Takes over a connected socket that does not block. `identity` names the link; both ends must
  /// give the same, 1 to 128 bytes. Throws `error` (unsupported) when OpenSSL is not there.
  tls_stream(unique_fd socket, end which, const std::string& identity, const link_key& key);
  ~tls_stream();
  tls_stream(const tls_stream&) = delete;
  tls_stream& operator=(const tls_stream&) = delete;

  /// Goes on with the handshake as far as the socket allows.
  state advance();
  state now() const noexcept { return state_; }
  /// Reads what is there, up to into.size(); 0: nothing for now, or see now().
  std::size_t read(std::span<std::byte> into);
  /// Writes what the socket takes; 0: nothing for now, or see now().
  std::size_t write(std::span<const std::byte> from);
  /// Why it is closed or failed, in words.
  const std::string& why() const noexcept { return why_; }
  int fd() const noexcept { return socket_.get(); }

 private:
  struct session;
  void judge(int result);

  unique_fd socket_;
  std::unique_ptr<session> session_;
  state state_ = state::handshaking;
  std::string why_;
};

}  // namespace clusterless::os
