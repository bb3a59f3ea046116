// SPDX-License-Identifier: MIT
#include "emulator/model_test.hpp"

#include "emulator/render.hpp"

using namespace clusterless::emulator;

TEST_CASE("shrinking a pool does with running tasks what the option says") {
  for (const deallocation option :
       {deallocation::requeue, deallocation::terminate, deallocation::taskcompletion}) {
    model_by_hand by;
    pool& in = by.pool("\"targetDedicatedNodes\":1");
    job& of = by.job();
    task& one = by.task(of, "t");
    by.model.resize(in, 0, {}, 15 * one_minute, option);
    by.take();
    CHECK_THROWS_AS(by.model.resize(in, 3, {}, 15 * one_minute, option), service_error);
    CHECK(by.asked(action::kind::stop) == (option != deallocation::taskcompletion));
    by.end("t", option == deallocation::taskcompletion ? 0 : 137);
    CHECK(in.nodes.empty());
    CHECK(in.allocation == allocation_state::steady);
    if (option == deallocation::requeue) CHECK(one.state == task_state::active);
    if (option == deallocation::terminate) CHECK(one.failed->code == "TaskEnded");
    if (option == deallocation::taskcompletion) CHECK(one.succeeded == true);
  }
}

TEST_CASE("a preempted node loses its task to the queue without costing a retry") {
  model_by_hand by;
  pool& in = by.pool("\"targetLowPriorityNodes\":1");
  job& of = by.job();
  task& one = by.task(of, "t");
  node& on = *in.nodes.begin()->second;
  CHECK(on.id.ends_with("_p"));
  by.model.preempt(on, one_minute);
  by.take();
  CHECK(on.state == node_state::preempted);
  CHECK(one.state == task_state::active);
  CHECK(one.requeues == 1);
  CHECK(one.retries == 0);
  CHECK(by.asked(action::kind::stop));
  by.runs.clear();
  by.pass(one_minute);
  CHECK(one.state == task_state::running);
  by.end("t", 0);
  CHECK(one.succeeded == true);
}

TEST_CASE("quotas and faults of allocations are errors of the resize") {
  model_options options;
  options.dedicated_core_quota = 5;
  model_by_hand by(options);
  pool& in = by.pool("\"targetDedicatedNodes\":4");
  CHECK(in.nodes.size() == 2);
  CHECK(in.allocation == allocation_state::steady);
  CHECK(pool_document(in, "")["resizeErrors"][0]["code"] == "AccountCoreQuotaReached");
  by.model.add_fault({"q", "AllocationTimedout", "no", 1, 0, 1});
  pool& other = by.pool("\"targetLowPriorityNodes\":3", "q");
  CHECK(other.nodes.size() == 1);
  CHECK(other.resize_errors[0].code == "AllocationTimedout");
  by.model.resize(other, {}, 2, 15 * one_minute, deallocation::requeue);
  by.take();
  CHECK(other.nodes.size() == 2);
  CHECK(other.resize_errors.empty());
}

TEST_CASE("a pool scales itself by its formula") {
  model_by_hand by;
  pool& in = by.pool(R"("enableAutoScale":true,"autoScaleEvaluationInterval":"PT5M",
    "autoScaleFormula":"$TargetDedicatedNodes = min(3, $PendingTasks.GetSample(1));")");
  CHECK(in.nodes.empty());
  job& of = by.job();
  for (const char* id : {"a", "b", "c", "d"})
    by.task(of, id);
  by.pass(5 * one_minute);
  CHECK(in.nodes.size() == 3);
  CHECK(text_of(pool_document(in, "")["autoScaleRun"], "results")
            .starts_with("$TargetDedicatedNodes=3"));
  for (const char* id : {"a", "b", "c", "d"})
    by.end(id, 0);
  by.pass(5 * one_minute);
  CHECK(in.nodes.empty());
}

TEST_CASE("a deleted pool is gone when its nodes are, and its tasks wait for another") {
  model_by_hand by;
  pool& in = by.pool();
  job& of = by.job();
  task& one = by.task(of, "t");
  by.model.delete_pool(in);
  by.take();
  CHECK_THROWS_AS(by.pool(), service_error);
  by.end("t", 137);
  CHECK(by.model.pools().empty());
  CHECK(one.state == task_state::active);
  by.pool();
  CHECK(one.state == task_state::running);
}

TEST_CASE("removed nodes are not replaced, and disabled ones get no tasks") {
  model_by_hand by;
  pool& in = by.pool();
  const std::string first = in.nodes.begin()->first;
  by.model.remove_nodes(in, {first}, deallocation::requeue);
  by.take();
  CHECK(in.nodes.size() == 1);
  CHECK(in.target_dedicated == 1);
  node& left = *in.nodes.begin()->second;
  by.model.set_schedulable(left, false, deallocation::requeue);
  job& of = by.job();
  task& one = by.task(of, "t");
  CHECK(one.state == task_state::active);
  by.model.set_schedulable(left, true, deallocation::requeue);
  by.take();
  CHECK(one.state == task_state::running);
}

TEST_CASE("an account that is saved and restored goes on where it was") {
  model_by_hand by;
  by.pool();
  job& of = by.job();
  by.task(of, "done");
  by.end("done", 3);
  by.task(of, "runs");
  const json saved = json::parse(by.model.saved().dump());
  model_by_hand again;
  again.model.restore(saved);
  again.take();
  job& there = again.model.find_job("j");
  CHECK(again.model.find_task(there, "done").exit_code == 3);
  task& runs = again.model.find_task(there, "runs");
  CHECK(runs.state == task_state::running);
  CHECK(runs.requeues == 1);
  CHECK(again.model.find_pool("p").nodes.size() == 2);
  again.end("runs", 0);
  CHECK(counts_document(there)["taskCounts"]["completed"] == 2);
}
