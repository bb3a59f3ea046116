// SPDX-License-Identifier: MIT
#include "azure/exchange.hpp"

#include <algorithm>
#include <random>
#include <utility>

#include "azure/crypto.hpp"
#include "azure/text.hpp"

namespace clusterless::azure {

struct exchange::state : std::enable_shared_from_this<state> {
  state(loop& l, signer& s, exchange_options o)
      : on(l), as(s), options(std::move(o)), random(options.seed) {
    if (options.seed == 0) random.seed(std::random_device()());
  }

  struct running {
    call what;
    answer then;
    retry_state retry;
    bool renewed = false;
  };

  void attempt(const std::shared_ptr<running>& one);
  void transmit(const std::shared_ptr<running>& one);
  void took(const std::shared_ptr<running>& one, response&& got);
  void fail(running& one, const response& got);

  loop& on;
  signer& as;
  exchange_options options;
  std::mt19937_64 random;
  bool answered = false;  ///< somebody has, once
};

void exchange::state::attempt(const std::shared_ptr<running>& one) {
  as.prepare([self = shared_from_this(), one](std::optional<service_error> why) {
    if (!why) return self->transmit(one);
    service_error told = std::move(*why);
    told.what = one->what.what + " (" + told.what + ")";
    self->on.later(0, [one, told] { one->then(told); });
  });
}

void exchange::state::transmit(const std::shared_ptr<running>& one) {
  request copy = one->what.request;
  as.sign(copy, on.clock().unix_seconds());
  on.over().submit(std::move(copy), [self = shared_from_this(), one](response&& got) {
    self->took(one, std::move(got));
  });
}

void exchange::state::fail(running& one, const response& got) {
  service_error why =
      read_error(got, one.what.what, one.what.request.url, on.clock().unix_seconds());
  why.attempts = std::max(one.retry.attempts(), 1);
  one.then(std::move(why));
}

void exchange::state::took(const std::shared_ptr<running>& one, response&& got) {
  answered = answered || got.failed != failure::unreachable;
  if (got.good() || (got.failed == failure::none && got.status == 304)) {
    one->then(std::move(got));
    return;
  }
  if (got.failed == failure::none && got.status == 401 && !one->renewed && as.renew()) {
    one->renewed = true;
    return attempt(one);
  }
  if (one->retry.answer_lost() && got.failed == failure::none) {
    const service_error told = read_error(got, {}, {}, on.clock().unix_seconds());
    const auto& done = one->what.done_already;
    if (std::any_of(done.begin(), done.end(), [&](auto code) { return told.is(code); })) {
      got.status = 200;
      got.body.clear();
      one->then(std::move(got));
      return;
    }
  }
  const std::string retry_after = got.value_of("retry-after");
  const double chance = std::uniform_real_distribution<double>(0.0, 1.0)(random);
  const auto wait = one->retry.after({got.failed, got.status, retry_after}, on.clock().steady_ms(),
                                     on.clock().unix_seconds(), chance);
  // An address where nobody has ever answered is more likely wrong than its service down.
  const bool nobody = !answered && one->retry.attempts() >= options.retry.first_contact;
  if (!wait || nobody || !one->what.repeat) return fail(*one, got);
  on.later(*wait, [self = shared_from_this(), one] { self->attempt(one); });
}

exchange::exchange(loop& on, signer& as, exchange_options options)
    : state_(std::make_shared<state>(on, as, std::move(options))) {}

exchange::~exchange() = default;

loop& exchange::on() const {
  return state_->on;
}

void exchange::send(call what, answer then) {
  if (what.request.find(state_->options.request_id_header) == nullptr)
    what.request.headers.push_back({state_->options.request_id_header, random_uuid()});
  const retry_state retry(state_->options.retry, state_->on.clock().steady_ms());
  state_->attempt(std::make_shared<state::running>(
      state::running{std::move(what), std::move(then), retry, false}));
}

}  // namespace clusterless::azure
