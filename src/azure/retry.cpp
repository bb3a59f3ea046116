// SPDX-License-Identifier: MIT
#include "azure/retry.hpp"

#include <algorithm>
#include <charconv>

#include "azure/text.hpp"

namespace clusterless::azure {

bool is_transient(const attempt_end& how) {
  if (how.failed == failure::too_large || how.failed == failure::refused ||
      how.failed == failure::untrusted)
    return false;
  if (how.failed != failure::none) return true;
  switch (how.status) {
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
      return true;
    default:
      return false;
  }
}

bool may_have_happened(const attempt_end& how) {
  if (how.failed == failure::timed_out || how.failed == failure::dropped) return true;
  // The service's own 500 and 503 OperationTimedOut say that the outcome is unknown.
  return how.failed == failure::none && how.status >= 500;
}

std::optional<std::int64_t> parse_retry_after(std::string_view text, std::int64_t unix_seconds) {
  if (text.empty()) return std::nullopt;
  std::int64_t seconds = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (end.ec == std::errc() && end.ptr == text.data() + text.size() && seconds >= 0)
    return std::min<std::int64_t>(seconds, 1'000'000) * 1000;
  if (const auto date = parse_http_date(text))
    return std::max<std::int64_t>(*date - unix_seconds, 0) * 1000;
  return std::nullopt;
}

std::optional<std::int64_t> retry_state::after(const attempt_end& how, std::int64_t now_ms,
                                               std::int64_t unix_seconds, double random) {
  ++attempts_;
  if (!is_transient(how) || attempts_ >= policy_.attempts) return std::nullopt;
  std::int64_t most = policy_.first_ms;
  for (int i = 1; i < attempts_ && most < policy_.longest_ms; ++i)
    most *= 2;
  most = std::min(most, policy_.longest_ms);
  // Between half and the whole of it, so that clients that failed together come back apart.
  const std::int64_t half = most / 2;
  std::int64_t wait = half + static_cast<std::int64_t>(static_cast<double>(most - half) * random);
  if (const auto asked = parse_retry_after(how.retry_after, unix_seconds)) {
    if (*asked > policy_.longest_asked_ms) return std::nullopt;
    // Never earlier than asked; the jitter on top is at most a quarter.
    wait = *asked + static_cast<std::int64_t>(static_cast<double>(*asked) * 0.25 * random);
  }
  if (now_ms + wait - began_ > policy_.total_ms) return std::nullopt;
  lost_ = lost_ || may_have_happened(how);
  return wait;
}

}  // namespace clusterless::azure
