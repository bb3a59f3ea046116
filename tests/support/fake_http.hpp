// SPDX-License-Identifier: MIT
// A network of one scripted service, and a clock that is turned by hand: for tests of what stands
// on azure::transport. Every request is kept; answers are given in the order of the script, or by a
// function.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "azure/clock.hpp"
#include "azure/http.hpp"

namespace clusterless::tests {

class manual_clock final : public azure::clock {
 public:
  std::int64_t steady_ms() const override { return steady_; }
  std::int64_t unix_seconds() const override { return unix_; }
  void turn(std::int64_t ms);
  void set_unix(std::int64_t seconds) { unix_ = seconds; }

 private:
  std::int64_t steady_ = 1'000'000;
  std::int64_t unix_ = 1'795'478'564;  // Tue, 24 Nov 2026 00:02:44 GMT
  std::int64_t rest_ = 0;
};

class fake_http final : public azure::transport {
 public:
  /// poll() turns `by` by what it would have waited, at most to the next thing that is due.
  explicit fake_http(manual_clock& by) : clock_(by) {}

  void submit(azure::request&& what, azure::completion then) override;
  void poll(std::int64_t timeout_ms) override;
  void wake() noexcept override {}
  std::size_t under_way() const override { return waiting_.size(); }

  /// The next answer. A script that is used up answers 500 to everything.
  fake_http& then(int status, std::string body = {}, std::vector<azure::header> headers = {});
  fake_http& then_fails(azure::failure how);
  /// Answers everything from now on.
  void answer_with(std::function<azure::response(const azure::request&)> by) {
    by_ = std::move(by);
  }
  std::size_t left() const { return script_.size(); }

  std::vector<azure::request> seen = {};  ///< bodies that were borrowed are copied into `body`

 private:
  manual_clock& clock_;
  std::deque<azure::response> script_;
  std::function<azure::response(const azure::request&)> by_;
  std::deque<std::pair<azure::request, azure::completion>> waiting_;
};

}  // namespace clusterless::tests
