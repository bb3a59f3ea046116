// SPDX-License-Identifier: MIT
#include "engine/azure/batch_job.hpp"

#include <doctest/doctest.h>

#include <clusterless/detail/pack.hpp>

#include "support/fake_http.hpp"

using namespace clusterless;

namespace {

/// A Batch job in an account that says yes to everything, and tells what it was asked.
struct job_by_hand {
  explicit job_by_hand(bool lasting) : at(on, who()) {
    net.answer_with([](const azure::request& what) {
      azure::response answer;
      answer.status = what.method == "POST" ? 201 : 200;
      return answer;
    });
    engine::batch_job_plan plan;
    plan.id = "j";
    plan.pool = "p";
    plan.lasting = lasting;
    job = std::make_unique<engine::batch_job>(at, plan, to, engine::batch_job::listener{});
  }

  static const core::cloud_account& who() {
    static const auto* made = [] {
      auto* account = new core::cloud_account;
      account->batch_url = "http://batch";
      account->batch_account_name = "a";
      account->batch_account_key = core::secret(std::string("a2V5"));
      account->storage_account_name = "s";
      account->storage_account_key = core::secret(std::string("a2V5"));
      account->storage_url = "http://blob";
      return account;
    }();
    return *made;
  }
  void begin() {
    core::run_order order;
    order.key = 1;
    order.call = std::make_shared<const core::call_spec>();
    detail::buffer item;
    detail::close_entry(item, detail::open_entry(item));
    const std::size_t size = item.size();
    order.items = {0, 1, std::make_shared<core::item_pack>(0, 1, std::move(item)), 0, size};
    job->add("t1", order, {});
    job->cancel(1);  // the job is all that is of interest
  }
  void pass(std::int64_t minutes) {
    const std::int64_t until = clock.steady_ms() + minutes * 60'000;
    while (clock.steady_ms() < until)
      on.poll(until - clock.steady_ms());
  }
  std::vector<std::string> asked(const std::string& method) const {
    std::vector<std::string> bodies;
    for (const auto& each : net.seen)
      if (each.method == method && each.url.find("/jobs") != std::string::npos)
        bodies.push_back(each.body);
    return bodies;
  }

  tests::manual_clock clock;
  tests::fake_http net{clock};
  azure::loop on{net, clock};
  engine::cloud at;
  engine::outbox to;
  std::unique_ptr<engine::batch_job> job;
};

}  // namespace

TEST_CASE("a job that nobody can collect from later is given another hour every 20 minutes") {
  job_by_hand by(false);
  by.begin();
  by.pass(1);
  REQUIRE(by.asked("POST").size() == 1);
  CHECK(by.asked("POST")[0].find("\"maxWallClockTime\":\"PT1H\"") != std::string::npos);
  CHECK(by.asked("PATCH").empty());
  by.pass(60);
  const auto longer = by.asked("PATCH");
  REQUIRE(longer.size() == 3);
  CHECK(longer[0].find("\"maxWallClockTime\":\"PT1H20M\"") != std::string::npos);
  CHECK(longer[2].find("\"maxWallClockTime\":\"PT2H\"") != std::string::npos);
}

TEST_CASE("a job that may be taken up keeps its limit without its client") {
  job_by_hand by(true);
  by.begin();
  by.pass(120);
  REQUIRE(by.asked("POST").size() == 1);
  CHECK(by.asked("POST")[0].find("\"maxWallClockTime\":\"PT720H\"") != std::string::npos);
  CHECK(by.asked("PATCH").empty());
}
