// SPDX-License-Identifier: MIT
// Calls to one service: each is signed, sent, sent again when that is worth while, and ends in a
// response or a service_error. It reads a repeated call's "exists already" as the success of its
// own earlier attempt; what the answers mean beyond that is for the clients that stand on it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "azure/http.hpp"
#include "azure/loop.hpp"
#include "azure/retry.hpp"
#include "azure/service_error.hpp"

namespace clusterless::azure {

/// Puts into a request what proves who sends it.
class signer {
 public:
  virtual ~signer() = default;
  /// Calls `then` when sign() may be called: at once with a key, later when a token must be had
  /// first, and with the reason when none can be had.
  virtual void prepare(std::function<void(std::optional<service_error>)> then) = 0;
  /// Signs for now. Called anew for each attempt, because signatures age.
  virtual void sign(request& what, std::int64_t unix_seconds) const = 0;
  /// The service did not accept the signature. Whether another try with a new one makes sense.
  virtual bool renew() = 0;
};

struct call {
  std::string what = {};  ///< "create pool p1", for errors
  azure::request request = {};
  /// Codes that mean success when an earlier attempt may have taken effect: "PoolExists".
  std::vector<std::string_view> done_already = {};
  bool repeat = true;  ///< false: one attempt, whatever comes of it
};

using answer = std::function<void(result<response>)>;

struct exchange_options {
  retry_policy retry = {};
  std::string request_id_header = "client-request-id";
  std::uint64_t seed = 0;  ///< of the jitter; 0: a random one
};

class exchange {
 public:
  /// `on` and `as` must outlive the exchange and its calls.
  exchange(loop& on, signer& as, exchange_options options = {});
  ~exchange();
  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;

  /// Starts a call; `then` is called from a later loop::poll() with a response of status 2xx or
  /// 304, or with why there is none. The request's `what.borrowed` and `what.into` must live until
  /// then. All attempts carry the same client request id.
  void send(call what, answer then);

  loop& on() const;

 private:
  struct state;
  std::shared_ptr<state> state_;
};

template <class T>
using then = std::function<void(result<T>)>;

/// Starts a call with `start(then)` and drives the loop until it has ended: for programs that have
/// nothing else to do. Not to be used where somebody else drives the loop.
template <class T, class Start>
result<T> wait_for(loop& on, Start start) {
  std::optional<result<T>> got;
  start([&got](result<T> value) { got.emplace(std::move(value)); });
  while (!got)
    on.poll(60'000);
  return std::move(*got);
}

}  // namespace clusterless::azure
