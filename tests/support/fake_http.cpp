// SPDX-License-Identifier: MIT
#include "support/fake_http.hpp"

#include <algorithm>
#include <cstring>

namespace clusterless::tests {

void manual_clock::turn(std::int64_t ms) {
  steady_ += ms;
  rest_ += ms;
  unix_ += rest_ / 1000;
  rest_ %= 1000;
}

fake_http& fake_http::then(int status, std::string body, std::vector<azure::header> headers) {
  azure::response& next = script_.emplace_back();
  next.status = status;
  next.body = std::move(body);
  next.headers = std::move(headers);
  return *this;
}

fake_http& fake_http::then_fails(azure::failure how) {
  azure::response& next = script_.emplace_back();
  next.failed = how;
  next.why = "as the script says";
  return *this;
}

void fake_http::submit(azure::request&& what, azure::completion then) {
  azure::request kept = what;
  if (!what.borrowed.empty())
    kept.body.assign(reinterpret_cast<const char*>(what.borrowed.data()), what.borrowed.size());
  seen.push_back(kept);
  waiting_.emplace_back(std::move(what), std::move(then));
}

void fake_http::poll(std::int64_t timeout_ms) {
  if (waiting_.empty()) {
    clock_.turn(timeout_ms);
    return;
  }
  auto [what, then] = std::move(waiting_.front());
  waiting_.pop_front();
  azure::response got;
  if (by_) {
    got = by_(seen[seen.size() - waiting_.size() - 1]);
  } else if (script_.empty()) {
    got.status = 500;
  } else {
    got = std::move(script_.front());
    script_.pop_front();
  }
  if (got.good() && !what.into.empty()) {
    got.received = std::min(got.body.size(), what.into.size());
    std::memcpy(what.into.data(), got.body.data(), got.received);
    got.body.clear();
  }
  then(std::move(got));
}

}  // namespace clusterless::tests
