// SPDX-License-Identifier: MIT
// When a request is sent again, and after how long. Pure: it is told the time and a random number,
// and it knows of requests only how they ended. What a repeated request may find that its first
// copy left behind is for the caller to read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "azure/http.hpp"

namespace clusterless::azure {

struct retry_policy {
  int attempts = 8;                         ///< including the first
  int first_contact = 4;                    ///< of them while nobody has ever answered there
  std::int64_t total_ms = 300'000;          ///< no attempt begins later than this after the first
  std::int64_t first_ms = 500;              ///< the longest first wait; doubled each time
  std::int64_t longest_ms = 30'000;         ///< of a wait that we choose
  std::int64_t longest_asked_ms = 120'000;  ///< of a wait that the service asks for
};

/// How one attempt ended.
struct attempt_end {
  failure failed = failure::none;
  int status = 0;
  std::string_view retry_after = {};  ///< the header; empty when there is none
};

/// Whether it is worth trying again at all: no answer, 408, 429, 500, 502, 503 and 504.
bool is_transient(const attempt_end& how);

/// Whether the service may have done what it was asked although the attempt did not succeed.
bool may_have_happened(const attempt_end& how);

/// Milliseconds of a Retry-After header, which is seconds or a date.
std::optional<std::int64_t> parse_retry_after(std::string_view text, std::int64_t unix_seconds);

/// One request's attempts.
class retry_state {
 public:
  retry_state(const retry_policy& policy, std::int64_t now_ms) : policy_(policy), began_(now_ms) {}

  /// How long to wait before the next attempt, in ms; nothing when this was the last.
  /// `random` is in [0, 1).
  std::optional<std::int64_t> after(const attempt_end& how, std::int64_t now_ms,
                                    std::int64_t unix_seconds, double random);
  /// Attempts that have ended.
  int attempts() const { return attempts_; }
  /// Whether an attempt before the last one may have taken effect.
  bool answer_lost() const { return lost_; }

 private:
  retry_policy policy_;
  std::int64_t began_;
  int attempts_ = 0;
  bool lost_ = false;
};

}  // namespace clusterless::azure
