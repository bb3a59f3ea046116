// SPDX-License-Identifier: MIT
// The formula of our pools, evaluated by the emulator: what a client that died leaves behind costs
// nothing in the end.
#include "emulator/model_test.hpp"
#include "engine/azure/pool_formula.hpp"

using namespace clusterless::emulator;

namespace {

/// A pool as a client makes it.
std::string with_our_formula(ticks now) {
  const std::int64_t now_s = (now - unix_epoch) / one_second;
  const json formula = clusterless::engine::idle_formula({3, 0}, now_s + 15 * 60);
  return R"("enableAutoScale":true,"autoScaleEvaluationInterval":"PT5M","autoScaleFormula":)" +
         formula.dump();
}

void pass(model_by_hand& by, ticks length) {
  for (ticks gone = 0; gone < length; gone += 30 * one_second)
    by.pass(30 * one_second);
}

}  // namespace

TEST_CASE("a pool whose client died keeps its nodes for what runs, and none afterwards") {
  model_by_hand by;
  pool& in = by.pool(with_our_formula(by.at));
  CHECK(in.nodes.size() == 3);
  job& of = by.job();
  by.task(of, "t");
  pass(by, 6 * 60 * one_minute);
  CHECK(in.nodes.size() == 3);
  by.end("t", 0);
  pass(by, 25 * one_minute);
  CHECK(in.nodes.empty());
}

TEST_CASE("tasks of a job whose time is over keep no nodes") {
  model_by_hand by;
  pool& in = by.pool(with_our_formula(by.at));
  job& of = by.job(R"("constraints":{"maxWallClockTime":"PT1H"})");
  for (const char* each : {"a", "b", "c", "d", "e"})
    by.task(of, each);
  pass(by, 61 * one_minute);
  CHECK(of.state == job_state::terminating);
  for (const char* each : {"a", "b", "c"})
    by.end(each, 137);
  CHECK(of.state == job_state::completed);
  pass(by, 25 * one_minute);
  CHECK(in.nodes.empty());
}
