// SPDX-License-Identifier: MIT
#include "os/tls_stream.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <clusterless/error.hpp>

#include "os/fail.hpp"
#include "os/shared_library.hpp"

namespace clusterless::os {

namespace {

constexpr const char* crypto_name = "libcrypto.so.3";
constexpr const char* ssl_name = "libssl.so.3";

struct libcrypto {
  shared_library library{crypto_name, "libssl3"};
  CLUSTERLESS_LIBRARY_FUNCTION(ERR_clear_error);
  CLUSTERLESS_LIBRARY_FUNCTION(ERR_get_error);
  CLUSTERLESS_LIBRARY_FUNCTION(ERR_error_string_n);
  CLUSTERLESS_LIBRARY_FUNCTION(OPENSSL_cleanse);
};

struct libssl {
  shared_library library{ssl_name, "libssl3"};
  CLUSTERLESS_LIBRARY_FUNCTION(TLS_method);
  CLUSTERLESS_LIBRARY_FUNCTION(SSL_CTX_new);
  CLUSTERLESS_LIBRARY_FUNCTION(SSL_CTX_free);
  CLUSTERLESS_LIBRARY_FUNCTION(SSL_CTX_ctrl);
  CLUSTERLESS_LIBRARY_FUNCTION(SSL_CTX_set_ciphersuites);
  CLUSTERLESS_LIBRARY_FUNCTION(SSL_CTX_set_psk_use_session_callback);
  CLUSTERLESS_LIBRARY_FUNCTION(SSL_CTX_set_psk_find_session_callback);
  CLUSTERLESS_LIBRARY_FUNCTION(SSL_CTX_set_options);
  CLUSTERLESS_LIBRARY_FUNCTION(SSL_CTX_set_num_tickets);
  CLUSTERLESS_LIBRARY_FUNCTION(SSL_new);
  CLUSTERLESS_LIBRARY_FUNCTION(SSL_free);
  CLUSTERLESS_LIBRARY_FUNCTION(SSL_set_fd);
  CLUSTERLESS_LIBRARY_FUNCTION(SSL_set_ex_data);
  CLUSTERLESS_LIBRARY_FUNCTION(SSL_get_ex_data);
  CLUSTERLESS_LIBRARY_FUNCTION(SSL_set_connect_state);
  CLUSTERLESS_LIBRARY_FUNCTION(SSL_set_accept_state);
  CLUSTERLESS_LIBRARY_FUNCTION(SSL_do_handshake);
  CLUSTERLESS_LIBRARY_FUNCTION(SSL_session_reused);
  CLUSTERLESS_LIBRARY_FUNCTION(SSL_read_ex);
  CLUSTERLESS_LIBRARY_FUNCTION(SSL_write_ex);
  CLUSTERLESS_LIBRARY_FUNCTION(SSL_get_error);
  CLUSTERLESS_LIBRARY_FUNCTION(SSL_SESSION_new);
  CLUSTERLESS_LIBRARY_FUNCTION(SSL_SESSION_free);
  CLUSTERLESS_LIBRARY_FUNCTION(SSL_SESSION_set1_master_key);
  CLUSTERLESS_LIBRARY_FUNCTION(SSL_SESSION_set_cipher);
  CLUSTERLESS_LIBRARY_FUNCTION(SSL_SESSION_set_protocol_version);
  CLUSTERLESS_LIBRARY_FUNCTION(SSL_CIPHER_find);
};

const libcrypto& crypto() {
  static const libcrypto loaded;
  return loaded;
}
const libssl& ssl() {
  static const libssl loaded;
  return loaded;
}

std::string openssl_words() {
  char words[256] = "";
  const unsigned long code = crypto().ERR_get_error();
  if (code == 0) return "no reason given";
  crypto().ERR_error_string_n(code, words, sizeof words);
  return words;
}

struct identity_and_key {
  std::string identity;
  link_key key;
};

// TLS_AES_128_GCM_SHA256 (RFC 8446, B.4): what an external key without a hash of its own goes with.
constexpr unsigned char cipher_bytes[2] = {0x13, 0x01};
constexpr const char* cipher_name = "TLS_AES_128_GCM_SHA256";

SSL_SESSION* session_of(SSL* on, const identity_and_key& from) {
  const SSL_CIPHER* cipher = ssl().SSL_CIPHER_find(on, cipher_bytes);
  SSL_SESSION* made = ssl().SSL_SESSION_new();
  if (cipher == nullptr || made == nullptr ||
      ssl().SSL_SESSION_set1_master_key(made, from.key.data(), from.key.size()) != 1 ||
      ssl().SSL_SESSION_set_cipher(made, cipher) != 1 ||
      ssl().SSL_SESSION_set_protocol_version(made, TLS1_3_VERSION) != 1) {
    ssl().SSL_SESSION_free(made);
    return nullptr;
  }
  return made;
}

const identity_and_key& secret_of(SSL* on) {
  return *static_cast<const identity_and_key*>(ssl().SSL_get_ex_data(on, 0));
}

extern "C" int use_session(SSL* on, const EVP_MD*, const unsigned char** identity, size_t* size,
                           SSL_SESSION** made) {
  const auto& secret = secret_of(on);
  *made = session_of(on, secret);
  *identity = reinterpret_cast<const unsigned char*>(secret.identity.data());
  *size = secret.identity.size();
  return *made != nullptr ? 1 : 0;
}

extern "C" int find_session(SSL* on, const unsigned char* identity, size_t size,
                            SSL_SESSION** made) {
  const auto& secret = secret_of(on);
  *made = nullptr;
  if (std::string_view(reinterpret_cast<const char*>(identity), size) != secret.identity) return 1;
  *made = session_of(on, secret);
  return *made != nullptr ? 1 : 0;
}

/// While it lives, a write to an end that is gone fails; it does not end the program.
class broken_pipes_are_errors {
 public:
  broken_pipes_are_errors() {
    ::sigemptyset(&pipe_);
    ::sigaddset(&pipe_, SIGPIPE);
    sigset_t waiting;
    waited_ = ::sigpending(&waiting) == 0 && ::sigismember(&waiting, SIGPIPE) == 1;
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~broken_pipes_are_errors() {
    const int told = errno;
    const timespec at_once{};
    if (!waited_)
      while (::sigtimedwait(&pipe_, nullptr, &at_once) < 0 && errno == EINTR) {
      }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = told;
  }
  broken_pipes_are_errors(const broken_pipes_are_errors&) = delete;
  broken_pipes_are_errors& operator=(const broken_pipes_are_errors&) = delete;

 private:
  sigset_t pipe_;
  sigset_t before_;
  bool waited_ = false;
};

}  // namespace

link_key make_link_key() {
  link_key key;
  if (::getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size()))
    fail("random numbers for a key");
  return key;
}

struct tls_stream::session {
  SSL_CTX* context = nullptr;
  SSL* on = nullptr;
  identity_and_key secret;

  ~session() {
    if (on != nullptr) ssl().SSL_free(on);
    if (context != nullptr) ssl().SSL_CTX_free(context);
    crypto().OPENSSL_cleanse(secret.key.data(), secret.key.size());
  }
};

std::vector<std::string> load_tls() {
  crypto();
  ssl();
  return {crypto_name, ssl_name};
}

tls_stream::tls_stream(unique_fd socket, end which, const std::string& identity,
                       const link_key& key)
    : socket_(std::move(socket)), session_(std::make_unique<session>()) {
  if (identity.empty() || identity.size() > 128)
    throw error(error_kind::misuse, "a link's identity has 1 to 128 bytes");
  crypto();
  const auto& with = ssl();
  session_->secret = {identity, key};
  session_->context = with.SSL_CTX_new(with.TLS_method());
  SSL_CTX* context = session_->context;
  bool good = context != nullptr;
  good = good &&
         with.SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_3_VERSION, nullptr) == 1;
  good = good && with.SSL_CTX_set_ciphersuites(context, cipher_name) == 1;
  if (good) {
    with.SSL_CTX_ctrl(context, SSL_CTRL_MODE,
                      SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER, nullptr);
    with.SSL_CTX_set_num_tickets(context, 0);
    if (which == end::connects)
      with.SSL_CTX_set_psk_use_session_callback(context, use_session);
    else
      with.SSL_CTX_set_psk_find_session_callback(context, find_session);
    session_->on = with.SSL_new(context);
    good = session_->on != nullptr && with.SSL_set_fd(session_->on, socket_.get()) == 1 &&
           with.SSL_set_ex_data(session_->on, 0, &session_->secret) == 1;
  }
  if (!good)
    throw error(error_kind::failed, "OpenSSL cannot make an encrypted link: " + openssl_words());
  if (which == end::connects)
    with.SSL_set_connect_state(session_->on);
  else
    with.SSL_set_accept_state(session_->on);
}

tls_stream::~tls_stream() = default;

// After a call that did not succeed: it may have to wait, or the stream is over.
void tls_stream::judge(int result) {
  const int system = errno;
  switch (ssl().SSL_get_error(session_->on, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return;
    case SSL_ERROR_ZERO_RETURN:
      state_ = state::closed;
      why_ = "the other end closed the connection";
      return;
    case SSL_ERROR_SYSCALL:
      state_ = state::closed;
      why_ = system != 0 ? std::strerror(system) : "the other end closed the connection";
      return;
    default:
      // A peer that only vanished is not one that lacks the key.
      why_ = openssl_words();
      state_ = why_.find("unexpected eof") != std::string::npos ? state::closed : state::failed;
  }
}

tls_stream::state tls_stream::advance() {
  if (state_ != state::handshaking) return state_;
  const broken_pipes_are_errors quiet;
  crypto().ERR_clear_error();
  errno = 0;
  const int result = ssl().SSL_do_handshake(session_->on);
  if (result != 1) {
    judge(result);
    return state_;
  }
  // An end without the key would have to fall back to certificates, which none has; be sure.
  if (ssl().SSL_session_reused(session_->on) != 1) {
    state_ = state::failed;
    why_ = "the other end did not use the key";
    return state_;
  }
  state_ = state::open;
  return state_;
}

std::size_t tls_stream::read(std::span<std::byte> into) {
  if (state_ != state::open || into.empty()) return 0;
  std::size_t n = 0;
  const broken_pipes_are_errors quiet;
  crypto().ERR_clear_error();
  errno = 0;
  const int result = ssl().SSL_read_ex(session_->on, into.data(), into.size(), &n);
  if (result == 1) return n;
  judge(result);
  return 0;
}

std::size_t tls_stream::write(std::span<const std::byte> from) {
  if (state_ != state::open || from.empty()) return 0;
  std::size_t n = 0;
  const broken_pipes_are_errors quiet;
  crypto().ERR_clear_error();
  errno = 0;
  const int result = ssl().SSL_write_ex(session_->on, from.data(), from.size(), &n);
  if (result == 1) return n;
  judge(result);
  return 0;
}

}  // namespace clusterless::os
