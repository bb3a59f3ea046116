// SPDX-License-Identifier: MIT
#include "emulator/model_test.hpp"

#include "emulator/render.hpp"

using namespace clusterless::emulator;

TEST_CASE("a pool allocates, boots and becomes steady with the latencies of the service") {
  model_options options;
  options.takes = realistic_latencies();
  model_by_hand by(options);
  pool& in = by.pool();
  CHECK(in.allocation == allocation_state::resizing);
  CHECK(in.nodes.empty());
  by.pass(30 * one_second);
  REQUIRE(in.nodes.size() == 2);
  CHECK(in.allocation == allocation_state::steady);
  CHECK(in.nodes.begin()->second->state == node_state::creating);
  by.pass(45 * one_second);
  CHECK(in.nodes.begin()->second->state == node_state::idle);
  CHECK(in.nodes.begin()->second->address().starts_with("127.0.1."));
}

TEST_CASE("a task runs on a node and is completed with what became of it") {
  model_by_hand by;
  by.pool();
  job& of = by.job();
  task& one = by.task(of, "t1");
  CHECK(one.state == task_state::running);
  by.end("t1", 0);
  CHECK(one.state == task_state::completed);
  CHECK(one.succeeded == true);
  task& two = by.task(of, "t2");
  by.end("t2", 3);
  CHECK(two.succeeded == false);
  CHECK(two.exit_code == 3);
  CHECK(two.failed->code == "FailureExitCode");
  CHECK(counts_document(of)["taskCounts"]["failed"] == 1);
  CHECK_THROWS_AS(by.model.add_task(of, json::parse(R"({"id":"T1","commandLine":"c"})")),
                  service_error);
}

TEST_CASE("a task is retried after a bad exit as often as it may be") {
  model_by_hand by;
  by.pool();
  job& of = by.job();
  task& one = by.task(of, "t", R"("constraints":{"maxTaskRetryCount":2})");
  by.end("t", 1);
  CHECK(one.state == task_state::running);
  by.end("t", 1);
  CHECK(one.retries == 2);
  by.end("t", 1);
  CHECK(one.state == task_state::completed);
  CHECK(one.succeeded == false);
  by.model.reactivate_task(one);
  by.take();
  CHECK(one.retries == 0);
  by.end("t", 0);
  CHECK(one.succeeded == true);
  CHECK_THROWS_AS(by.model.reactivate_task(one), service_error);
}

TEST_CASE("slots and priorities decide who runs") {
  model_by_hand by;
  by.pool(R"("targetDedicatedNodes":1,"taskSlotsPerNode":4)");
  job& low = by.job("\"priority\":0", "low");
  by.task(low, "l1", "\"requiredSlots\":3");
  by.task(low, "l2", "\"requiredSlots\":2");
  by.task(low, "l3");
  CHECK(by.open("l1").size() == 1);
  CHECK(by.open("l2").empty());
  CHECK(by.open("l3").size() == 1);
  job& high = by.job("\"priority\":9,\"maxParallelTasks\":1", "high");
  by.task(high, "h1");
  by.task(high, "h2");
  CHECK(by.open("h1").empty());
  by.end("l1", 0);
  CHECK(by.open("h1").size() == 1);
  CHECK(by.open("h2").empty());
  CHECK(by.open("l2").size() == 1);
}

TEST_CASE("dependents wait for success, or for what exit conditions call satisfying") {
  model_by_hand by;
  by.pool();
  job& of = by.job("\"usesTaskDependencies\":true");
  by.task(of, "merge", R"("dependsOn":{"taskIds":["a"],"taskIdRanges":[{"start":1,"end":2}]})");
  by.task(of, "a");
  by.task(of, "1");
  by.task(of, "2", R"("exitConditions":{"exitCodes":[{"code":7,"exitOptions":
    {"dependencyAction":"satisfy"}}]})");
  by.end("a", 0);
  by.end("1", 0);
  CHECK(by.open("merge").empty());
  by.end("2", 7);
  CHECK(by.open("merge").size() == 1);
}

TEST_CASE("terminating, disabling and deleting end what runs") {
  model_by_hand by;
  by.pool();
  job& of = by.job();
  task& one = by.task(of, "t1");
  by.task(of, "t2");
  by.model.terminate_task(one);
  by.take();
  CHECK(by.asked(action::kind::stop));
  by.end("t1", 137);
  CHECK(one.failed->code == "TaskEnded");
  by.model.disable_job(of, "requeue");
  by.end("t2", 137);
  CHECK(of.state == job_state::disabled);
  CHECK(by.model.find_task(of, "t2").state == task_state::active);
  CHECK(by.model.find_task(of, "t2").requeues == 1);
  by.model.enable_job(of);
  by.take();
  CHECK(by.open("t2").size() == 1);
  by.model.terminate_job(of, "UserTerminate");
  by.end("t2", 137);
  CHECK(of.state == job_state::completed);
  CHECK_THROWS_AS(by.model.terminate_job(of, "again"), service_error);
  by.model.delete_job(of);
  by.take();
  CHECK_THROWS_AS(by.model.find_job("j"), service_error);
}

TEST_CASE("a job whose tasks are all done ends itself when it was asked to") {
  model_by_hand by;
  by.pool();
  job& of = by.job();
  by.task(of, "t");
  by.end("t", 0);
  CHECK(of.state == job_state::active);
  of.doc["onAllTasksComplete"] = "terminatejob";
  by.model.touch(of);
  by.take();
  CHECK(of.state == job_state::completed);
  CHECK(of.terminate_reason == "AllTasksComplete");
}

TEST_CASE("a job manager runs first, and its end is the job's") {
  model_by_hand by;
  by.pool();
  job& of = by.job(R"("jobManagerTask":{"id":"manager","commandLine":"m"})");
  task& one = by.task(of, "t");
  by.end("manager", 0);
  CHECK(of.state == job_state::terminating);
  by.end("t", 137);
  CHECK(one.failed->code == "TaskEnded");
  CHECK(of.state == job_state::completed);
  CHECK(of.terminate_reason == "JMComplete");
}

TEST_CASE("a task that runs too long is ended, and its files go after the retention time") {
  model_by_hand by;
  by.pool();
  job& of = by.job();
  task& one =
      by.task(of, "t", R"("constraints":{"maxWallClockTime":"PT1M","retentionTime":"PT1H"})");
  by.pass(one_minute);
  CHECK(by.asked(action::kind::stop, by.open("t")[0].run));
  by.end("t", 137);
  CHECK(one.succeeded == false);
  CHECK(one.failed->code == "TaskEnded");
  by.pass(60 * one_minute);
  CHECK(one.files_removed);
  CHECK(by.asked(action::kind::remove_directory));
}

TEST_CASE("the time limit of a job that was put off in time ends it later") {
  model_by_hand by;
  by.pool();
  job& of = by.job(R"("constraints":{"maxWallClockTime":"PT1H"})");
  by.task(of, "t");
  by.pass(40 * one_minute);
  of.doc["constraints"]["maxWallClockTime"] = "PT100M";
  by.model.touch(of);
  by.pass(59 * one_minute);
  CHECK(of.state == job_state::active);
  by.pass(one_minute + one_second);
  CHECK(of.state == job_state::terminating);
  CHECK(of.terminate_reason == "MaxWallClockTimeExpiry");
}

TEST_CASE("preparation comes first, once a node, and release at the end of the job") {
  model_by_hand by;
  by.pool("\"targetDedicatedNodes\":1");
  job& of = by.job(R"("jobPreparationTask":{"commandLine":"prepare"},
    "jobReleaseTask":{"commandLine":"release"})");
  task& one = by.task(of, "t1");
  CHECK(one.state == task_state::preparing);
  CHECK(by.open("t1").empty());
  by.end("jobpreparation", 0);
  CHECK(one.state == task_state::running);
  by.end("t1", 0);
  by.task(of, "t2");
  CHECK(by.open("jobpreparation").empty());
  by.end("t2", 0);
  by.model.terminate_job(of, "UserTerminate");
  by.take();
  CHECK(of.state == job_state::terminating);
  by.end("jobrelease", 0);
  CHECK(of.state == job_state::completed);
}

TEST_CASE("a node whose preparation fails runs nothing of that job") {
  model_by_hand by;
  by.pool();
  job& of = by.job(R"("jobPreparationTask":{"commandLine":"prepare"})");
  task& one = by.task(of, "t1");
  by.end("jobpreparation", 1);
  CHECK(one.state == task_state::preparing);  // on the other node now
  by.end("jobpreparation", 1);
  CHECK(one.state == task_state::active);
  CHECK(by.open("jobpreparation").empty());
}

TEST_CASE("start tasks are waited for and retried, and a node may fail by them") {
  model_by_hand by;
  pool& in = by.pool(R"("targetDedicatedNodes":1,"startTask":{"commandLine":"s",
    "maxTaskRetryCount":1})");
  node& on = *in.nodes.begin()->second;
  CHECK(on.state == node_state::waitingforstarttask);
  by.end("startup", 1);
  CHECK(on.state == node_state::waitingforstarttask);
  by.end("startup", 1);
  CHECK(on.state == node_state::starttaskfailed);
  by.model.restart_node(on, node_state::rebooting, deallocation::requeue);
  by.take();
  by.end("startup", 0);
  CHECK(on.state == node_state::idle);
}

TEST_CASE("a multi-instance task coordinates on every node before its application runs") {
  model_by_hand by;
  by.pool(R"("targetDedicatedNodes":3,"enableInterNodeCommunication":true)");
  job& of = by.job();
  task& one = by.task(of, "t", R"("multiInstanceSettings":{"numberOfInstances":3,
    "coordinationCommandLine":"coordinate"})");
  REQUIRE(by.open("t").size() == 3);
  CHECK(by.open("t")[0].hosts == std::vector<std::string>{"127.0.1.1", "127.0.1.2", "127.0.1.3"});
  CHECK(by.open("t")[0].command == run_kind::coordination);
  by.end("t", 0);
  by.end("t", 0);
  CHECK(by.open("t").size() == 1);
  by.end("t", 0);
  REQUIRE(by.open("t").size() == 1);
  CHECK(by.open("t")[0].command == run_kind::task);
  CHECK(subtasks_document(one, "").size() == 2);
  by.end("t", 0);
  CHECK(one.succeeded == true);
  CHECK(subtasks_document(one, "")[0]["state"] == "completed");
  CHECK(by.asked(action::kind::sweep));
  by.task(of, "bad", R"("multiInstanceSettings":{"numberOfInstances":2,
    "coordinationCommandLine":"coordinate"})");
  by.end("bad", 9);
  CHECK(by.asked(action::kind::stop, by.open("bad")[0].run));
  by.end("bad", 137);
  CHECK(by.model.find_task(of, "bad").exit_code == 9);
  CHECK(by.model.find_task(of, "bad").succeeded == false);
}

TEST_CASE("without inter-node communication a multi-instance task stays active for ever") {
  model_by_hand by;
  by.pool();
  job& of = by.job();
  task& one = by.task(of, "t", R"("multiInstanceSettings":{"numberOfInstances":2,
    "coordinationCommandLine":"coordinate"})");
  by.pass(one_day);
  CHECK(one.state == task_state::active);
}
