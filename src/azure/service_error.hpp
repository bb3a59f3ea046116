// SPDX-License-Identifier: MIT
// Why a call to a service did not succeed, with the service's own words: one type for Batch, Blob
// and the token services. It holds no secret: what comes from outside is scrubbed on the way in.
#pragma once

#include <clusterless/error.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "azure/http.hpp"

namespace clusterless::azure {

struct service_error {
  std::string what = {};  ///< "create pool p1": what was tried
  failure failed = failure::none;
  int status = 0;
  std::string code = {};        ///< "PoolExists", "BlobNotFound"; empty when the answer has none
  std::string message = {};     ///< its first sentence; for failures of transport what was seen
  std::string request_id = {};  ///< the service's name of the request
  std::string time = {};        ///< the service's time, as it wrote it
  std::vector<std::pair<std::string, std::string>> values = {};  ///< details the service adds
  std::string url = {};                                          ///< scrubbed
  std::string hint = {};                                         ///< what to do, when it is known
  int attempts = 1;

  bool is(std::string_view other) const;
  /// What the caller can do about it: `busy` when another try later may succeed, `misuse` when the
  /// credentials or the request are wrong, `failed` for the rest.
  error_kind kind() const;
  /// "cannot create pool p1: the service says … (PoolExists, HTTP 409, request …); hint".
  std::string text() const;
  [[noreturn]] void raise() const;
};

/// What can be read from a response that is no success, or from no response: JSON of Batch and of
/// the token services, XML of Blob, headers where there is no body. `clock_s` is our Unix time, to
/// tell a wrong clock from a wrong key.
service_error read_error(const response& from, std::string what, std::string_view url,
                         std::int64_t clock_s);

/// A value or why there is none.
template <class T>
class result {
 public:
  result(T value) : content_(std::move(value)) {}
  result(service_error why) : content_(std::move(why)) {}

  explicit operator bool() const noexcept { return content_.index() == 0; }
  bool has_value() const noexcept { return content_.index() == 0; }
  /// Throws `error` with the reason when there is none.
  T& value() {
    if (!has_value()) error().raise();
    return std::get<0>(content_);
  }
  const T& value() const {
    if (!has_value()) error().raise();
    return std::get<0>(content_);
  }
  const service_error& error() const { return std::get<1>(content_); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, service_error> content_;
};

/// The value of calls that have none.
struct done {};

}  // namespace clusterless::azure
