// SPDX-License-Identifier: MIT
// The seam to the network: a request is handed over and its response comes back from poll(). One
// thread drives a transport; it never blocks in submit(). It knows HTTP, not Azure: no signing, no
// retries, no redirects, and every status is a response like any other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clusterless::azure {

struct header {
  std::string name = {};
  std::string value = {};
};

struct request {
  std::string method = "GET";
  std::string url = {};
  std::vector<header> headers = {};
  std::string body = {};                         ///< sent as it is, with a Content-Length
  std::span<const std::byte> borrowed = {};      ///< sent in place of `body`; stays the caller's
  std::span<std::byte> into = {};                ///< where a 2xx body goes; else into response.body
  std::int64_t connect_limit_ms = 10'000;        ///< until there is a connection
  std::int64_t total_limit_ms = 120'000;         ///< until the last byte of the answer
  std::size_t max_body = std::size_t{64} << 20;  ///< of response.body, in bytes
  bool direct = false;            ///< past every proxy: for addresses of this machine alone
  bool fresh_connection = false;  ///< never sent again unasked over a new connection

  std::size_t content_length() const { return borrowed.empty() ? body.size() : borrowed.size(); }
  const std::string* find(std::string_view name) const;
  /// Replaces the header `name`.
  void set(std::string name, std::string value);
};

/// Why there is no response.
enum class failure : std::uint8_t {
  none,
  unreachable,  ///< no connection: name, address, port; the service saw nothing
  untrusted,    ///< its certificate is not one that we trust
  timed_out,    ///< a limit of the request passed
  dropped,      ///< the connection ended before the answer did
  too_large,    ///< the answer is larger than the request allows
  refused,      ///< the request cannot be sent as it is (a malformed URL)
};
const char* to_string(failure why) noexcept;

struct response {
  failure failed = failure::none;
  std::string why = {};  ///< in words, when failed
  int status = 0;        ///< 0 when the answer did not get that far
  std::vector<header> headers = {};
  std::string body = {};
  std::size_t received = 0;  ///< bytes put into request.into

  bool good() const { return failed == failure::none && status >= 200 && status < 300; }
  /// The value of the header `name`, whatever its case; null when there is none.
  const std::string* find(std::string_view name) const;
  std::string value_of(std::string_view name) const;
};

using completion = std::function<void(response&&)>;

class transport {
 public:
  virtual ~transport() = default;
  /// Starts `what`; `then` is called from a later poll(), once. Memory that `what` borrows must
  /// live until then.
  virtual void submit(request&& what, completion then) = 0;
  /// Moves all transfers on; waits at most `timeout_ms` for something to do.
  virtual void poll(std::int64_t timeout_ms) = 0;
  /// Ends the wait of poll(). May be called from any thread.
  virtual void wake() noexcept = 0;
  virtual std::size_t under_way() const = 0;
};

struct transport_options {
  int connections = 32;      ///< open at once, kept alive
  std::string ca_file = {};  ///< certificates to trust; empty: the environment, else the system's
  bool proxies_from_environment = true;  ///< http_proxy, https_proxy, no_proxy
};

/// HTTP/1.1 over libcurl, which is loaded by this call. Certificates are those of `ca_file`, else
/// of CURL_CA_BUNDLE, SSL_CERT_FILE, REQUESTS_CA_BUNDLE or SSL_CERT_DIR, else the system's. Throws
/// `error` (unsupported) when libcurl is not there.
std::unique_ptr<transport> make_curl_transport(const transport_options& options = {});

}  // namespace clusterless::azure
