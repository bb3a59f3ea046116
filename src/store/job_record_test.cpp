// SPDX-License-Identifier: MIT
#include "store/job_record.hpp"

#include <doctest/doctest.h>

#include <clusterless/error.hpp>
#include <functional>

#include "store/test_packs.hpp"
#include "support/memory_store.hpp"

using namespace clusterless;
using namespace clusterless::store;
using namespace clusterless::store::tests;
using clusterless::tests::memory_store;

namespace {

std::string message_of(const std::function<void()>& call, error_kind kind) {
  try {
    call();
  } catch (const error& e) {
    CHECK(e.kind() == kind);
    return e.what();
  }
  return "(no error)";
}

/// A job of 10 items, sealed, with its first 4 outcomes: item 0 and 2 failed.
std::unique_ptr<job_record> ten_items(const std::shared_ptr<memory_store>& in) {
  auto job = job_record::create(in, small_manifest("ten"), bytes_of(std::string("bound bytes")));
  job->append_inputs(0, 6, bytes_of(pack_of("in", 0, 6)));
  job->append_inputs(6, 4, bytes_of(pack_of("in", 6, 4)));
  job->seal(10);
  job->append_outcomes(0, 4, 3, 1, bytes_of(pack_of("out", 0, 4, 2)));
  job->commit();
  return job;
}

}  // namespace

TEST_CASE("another process sees the inputs, the outcomes and what is missing") {
  const auto in = std::make_shared<memory_store>();
  const auto job = ten_items(in);
  const auto seen = job_record::open(in, "ten");

  const job_counts counts = seen->counts();
  CHECK(counts.total == 10u);
  CHECK(counts.submitted == 10);
  CHECK(counts.done == 2);
  CHECK(counts.failed == 2);
  CHECK(counts.duplicates == 0);
  CHECK(seen->state(0) == item_state::failed);
  CHECK(seen->state(1) == item_state::value);
  CHECK(seen->state(4) == item_state::missing);
  CHECK(text_of(seen->read_outcome(2)) == "!out 2");
  CHECK(text_of(seen->read_outcome(3)) == "out 3");
  CHECK(text_of(seen->read_outcome(0)) == "!out 0");
  CHECK(seen->read_outcome(1)->task == 3);
  CHECK(seen->read_outcome(1)->attempt == 1);
  CHECK(!seen->read_outcome(4));
  CHECK(text_of(seen->read_input(9)) == "in 9");
  CHECK(text_of(seen->read_input(0)) == "in 0");
  CHECK(!seen->read_input(10));
  CHECK(seen->missing() == std::vector<item_range>{{4, 6}});
  CHECK(seen->failed() == std::vector<item_range>{{0, 1}, {2, 1}});
  const buffer bound = seen->bound();
  CHECK(std::string(reinterpret_cast<const char*>(bound.data()), bound.size()) == "bound bytes");
  CHECK(!seen->complete());
  CHECK(seen->remarks().empty());
}

TEST_CASE("a follower takes in what the driver commits, and nothing before that") {
  const auto in = std::make_shared<memory_store>();
  const auto job = ten_items(in);
  const auto seen = job_record::open(in, "ten");

  job->append_outcomes(4, 6, 1, 1, bytes_of(pack_of("out", 4, 6)));
  CHECK(!seen->refresh());
  CHECK(job->counts().done == 2);
  job->commit();
  CHECK(job->counts().done == 8);
  CHECK(job->complete());
  CHECK(seen->refresh());
  CHECK(seen->complete());
  CHECK(seen->missing().empty());
  CHECK(text_of(seen->read_outcome(9)) == "out 9");
  CHECK(!seen->refresh());
}

TEST_CASE("the first outcome of an item stands") {
  const auto in = std::make_shared<memory_store>();
  const auto job = ten_items(in);
  job->append_outcomes(2, 4, 5, 2, bytes_of(pack_of("late", 2, 4)));
  job->commit();

  const auto seen = job_record::open(in, "ten");
  for (job_record* record : {job.get(), seen.get()}) {
    CHECK(text_of(record->read_outcome(2)) == "!out 2");
    CHECK(text_of(record->read_outcome(3)) == "out 3");
    CHECK(text_of(record->read_outcome(4)) == "late 4");
    CHECK(text_of(record->read_outcome(5)) == "late 5");
    CHECK(record->counts().duplicates == 2);
    CHECK(record->counts().done == 4);
  }
}

TEST_CASE("a failure can be withdrawn and run again, a value cannot") {
  const auto in = std::make_shared<memory_store>();
  const auto job = ten_items(in);
  job->append_retry({{0, 2}, {3, 1}});
  job->commit();
  CHECK(job->missing() == std::vector<item_range>{{0, 1}, {4, 6}});
  CHECK(!job->read_outcome(0));
  job->append_outcomes(0, 2, 9, 2, bytes_of(pack_of("again", 0, 2)));
  job->commit();

  const auto seen = job_record::open(in, "ten");
  for (job_record* record : {job.get(), seen.get()}) {
    CHECK(text_of(record->read_outcome(0)) == "again 0");
    CHECK(text_of(record->read_outcome(1)) == "out 1");
    CHECK(text_of(record->read_outcome(2)) == "!out 2");
    CHECK(record->counts().failed == 1);
    CHECK(record->counts().done == 3);
    CHECK(record->counts().duplicates == 1);
  }
}

TEST_CASE("names are taken once, and the second creator hears how far the first is, and who") {
  const auto in = std::make_shared<memory_store>();
  auto job = ten_items(in);
  const auto again = [&] { job_record::create(in, small_manifest("ten", "run-2"), {}); };

  CHECK(message_of(again, error_kind::busy) ==
        "job 'ten' exists already (2 of 10 items done, 2 failed) and is being run by process 1 on "
        "host this-host; wait for it, or choose another name");
  job.reset();
  CHECK(message_of(again, error_kind::busy) ==
        "job 'ten' exists already (2 of 10 items done, 2 failed); reopen it, destroy it, or choose "
        "another name");
  in->set_content("jobs/ten/manifest", {});
  CHECK(
      message_of(again, error_kind::busy).find("exists already (memory/jobs/ten/manifest is not") !=
      std::string::npos);
  CHECK(message_of([&] { job_record::create(in, small_manifest("../x"), {}); }, error_kind::misuse)
            .find("cannot name a job") != std::string::npos);
  CHECK_THROWS_AS(job_record::create(in, small_manifest("x", "manifest"), {}), error);
  CHECK_THROWS_AS(job_record::create(in, small_manifest("x", ""), {}), error);
}

TEST_CASE("one process drives at a time, the next goes on where it stopped") {
  const auto in = std::make_shared<memory_store>();
  auto job = ten_items(in);
  CHECK(job->driving());
  CHECK(job->epoch() == 1);
  const auto next = job_record::open(in, "ten");
  CHECK(!next->drive());
  CHECK(to_string(*next->driver()) == "process 1 on host this-host");
  CHECK(message_of([&] { next->append_outcomes(0, 1, 1, 1, {}); }, error_kind::misuse) ==
        "job 'ten' is not driven by this process; call drive() first");

  job->append_outcomes(4, 1, 1, 1, bytes_of(pack_of("never committed", 4, 1)));
  job.reset();
  REQUIRE(next->drive());
  CHECK(next->epoch() == 2);
  CHECK(next->missing() == std::vector<item_range>{{4, 6}});
  next->append_outcomes(4, 6, 1, 1, bytes_of(pack_of("second", 4, 6)));
  next->commit(false);
  CHECK(next->complete());
  CHECK(text_of(next->read_outcome(3)) == "out 3");
  CHECK(text_of(next->read_outcome(4)) == "second 4");
  next->release();
  CHECK(!next->driver());
  CHECK(!next->driving());
  CHECK(next->drive());
  CHECK(next->epoch() == 3);
}

TEST_CASE("where holds do not work a driver that was taken over hears of it and changes nothing") {
  const auto in = std::make_shared<memory_store>();
  const auto old = ten_items(in);
  const auto watching = job_record::open(in, "ten");
  in->ignore_holds();
  const auto fresh = job_record::open(in, "ten");
  REQUIRE(fresh->drive());

  old->append_outcomes(4, 2, 1, 1, bytes_of(pack_of("too late", 4, 2)));
  CHECK(message_of([&] { old->commit(); }, error_kind::lost)
            .find("another process has taken over job 'ten' (epoch 2 after 1)") == 0);
  fresh->append_outcomes(4, 2, 1, 1, bytes_of(pack_of("counts", 4, 2)));
  fresh->commit();
  watching->refresh();

  const auto later = job_record::open(in, "ten");
  for (job_record* record : {watching.get(), fresh.get(), later.get()}) {
    CHECK(text_of(record->read_outcome(4)) == "counts 4");
    CHECK(record->counts().duplicates == 0);
    REQUIRE(record->remarks().size() == 1);
    CHECK(record->remarks()[0].key == "jobs/ten/run-1/journal/1");
    CHECK(record->remark_texts()[0].find("do not count: unfinished, or too late") !=
          std::string::npos);
  }
}

TEST_CASE("a follower that read too far starts over when the fence appears") {
  const auto in = std::make_shared<memory_store>();
  const auto old = ten_items(in);
  in->ignore_holds();
  // A second driver that has opened its log and not yet written its fences.
  REQUIRE(claim_journal(*in, "jobs/ten/run-1", 2));
  old->append_outcomes(4, 2, 1, 1, bytes_of(pack_of("late", 4, 2)));
  CHECK_THROWS_AS(old->commit(), error);
  const auto watching = job_record::open(in, "ten");
  CHECK(text_of(watching->read_outcome(4)) == "late 4");

  const auto third = job_record::open(in, "ten");
  REQUIRE(third->drive());
  CHECK(third->epoch() == 3);
  CHECK(text_of(third->read_outcome(4)) == "late 4");
  old->append_outcomes(6, 2, 1, 1, bytes_of(pack_of("too late", 6, 2)));
  CHECK_THROWS_AS(old->commit(), error);
  watching->refresh();
  CHECK(watching->missing() == std::vector<item_range>{{6, 4}});
}

TEST_CASE("wrong calls are refused and leave the record as it was") {
  const auto in = std::make_shared<memory_store>();
  const auto job = ten_items(in);
  const std::size_t before = in->content("jobs/ten/run-1/journal/1").size();
  const auto misuse = [&](const std::function<void()>& call) {
    return message_of(call, error_kind::misuse);
  };

  CHECK(misuse([&] { job->append_inputs(10, 1, bytes_of(pack_of("in", 10, 1))); }) ==
        "inputs from item 10 on cannot be added to job 'ten': it is sealed");
  CHECK(misuse([&] { job->seal(11); }).find("cannot be sealed at 11 items") != std::string::npos);
  CHECK_NOTHROW(job->seal(10));
  CHECK(misuse([&] { job->append_outcomes(0, 3, 1, 1, bytes_of(pack_of("x", 0, 2))); }) ==
        "the pack of outcomes of items 0 to 2 does not hold one entry for each of them");
  CHECK(misuse([&] { job->append_outcomes(0, 0, 1, 1, {}); }) != "(no error)");
  CHECK(misuse([&] { job->append_outcomes(0, 1u << 25, 1, 1, {}); }) != "(no error)");
  CHECK(misuse([&] { job->append_outcomes(0, 1, 1, 1, bytes_of(std::string("broken pack"))); }) !=
        "(no error)");
  CHECK(misuse([&] {
          job->append_outcomes(10, 1, 1, 1, bytes_of(pack_of("x", 10, 1)));
        }).find("has only 10 items") != std::string::npos);
  buffer reference;
  add_entry(reference, "ref", detail::entry_kind::reference);
  CHECK(misuse([&] { job->append_outcomes(0, 1, 1, 1, bytes_of(reference)); }) != "(no error)");
  job->commit();
  CHECK(in->content("jobs/ten/run-1/journal/1").size() == before);

  const auto open_end = job_record::create(in, small_manifest("open"), {});
  CHECK(misuse([&] {
          open_end->append_inputs(1, 1, bytes_of(pack_of("in", 1, 1)));
        }).find(": 0 are there") != std::string::npos);
  CHECK_NOTHROW(open_end->append_inputs(0, 1, bytes_of(reference)));
  CHECK(message_of([&] { job_record::open(in, "none"); }, error_kind::misuse) ==
        "there is no job 'none' in memory");
}

TEST_CASE("a job of numbers needs no inputs") {
  const auto in = std::make_shared<memory_store>();
  manifest about = small_manifest("numbers");
  about.total = 1000000;
  const auto job = job_record::create(in, about, {});
  CHECK(job->counts().total == 1000000u);
  CHECK(!job->sealed());
  CHECK(job->missing().empty());
  CHECK_THROWS_AS(job->seal(5), error);
  job->seal(1000000);
  job->commit();
  CHECK(job->missing() == std::vector<item_range>{{0, 1000000}});
  CHECK(!job->read_input(0));
  CHECK(job->bound().empty());
}

TEST_CASE("a full store changes nothing and the call can be repeated") {
  const auto in = std::make_shared<memory_store>();
  const auto job = ten_items(in);
  in->limit_space(0);
  job->append_outcomes(4, 6, 1, 1, bytes_of(pack_of("out", 4, 6)));
  CHECK(message_of([&] { job->commit(); }, error_kind::busy).find("is full") != std::string::npos);
  CHECK(job->missing() == std::vector<item_range>{{4, 6}});
  CHECK(job_record::open(in, "ten")->counts().done == 2);
  const std::string large(1u << 20, 'x');
  buffer pack;
  add_entry(pack, large);
  CHECK_THROWS_AS(job->append_outcomes(0, 1, 1, 1, bytes_of(pack)), error);

  in->limit_space(1u << 30);
  job->commit();
  CHECK(job->complete());
  CHECK(job_record::open(in, "ten")->complete());
}

TEST_CASE("cancelling is a request that any process makes and the driver sees") {
  const auto in = std::make_shared<memory_store>();
  const auto job = ten_items(in);
  CHECK(!job->cancel_requested());
  job_record::open(in, "ten")->request_cancel();
  CHECK(job->cancel_requested());
  job->clear_cancel();
  CHECK(!job->cancel_requested());
}

TEST_CASE("jobs are listed by name once they are whole") {
  const auto in = std::make_shared<memory_store>();
  CHECK(list_jobs(*in).empty());
  ten_items(in);
  job_record::create(in, small_manifest("alpha"), {});
  in->put("jobs/half/run-1/bound", {});
  CHECK(list_jobs(*in) == std::vector<std::string>{"alpha", "ten"});
}

TEST_CASE("destroy removes this job and no other, unless somebody drives it") {
  const auto in = std::make_shared<memory_store>();
  auto job = ten_items(in);
  job_record::create(in, small_manifest("ten-2"), {});

  CHECK(message_of([&] { destroy_job(*in, "ten"); }, error_kind::busy) ==
        "job 'ten' cannot be destroyed: process 1 on host this-host has it; wait for it to end, or "
        "end it");
  CHECK(list_jobs(*in).size() == 2);
  CHECK(destroy_job(*in, "ten", true).empty());
  CHECK(list_jobs(*in) == std::vector<std::string>{"ten-2"});
  job->append_outcomes(4, 1, 1, 1, bytes_of(pack_of("out", 4, 1)));
  CHECK_THROWS_WITH_AS(job->commit(), doctest::Contains("was removed"), error);
  job.reset();

  CHECK(message_of([&] { destroy_job(*in, "ten"); }, error_kind::misuse) ==
        "there is no job 'ten' in memory");
  CHECK(destroy_job(*in, "ten-2").empty());
  CHECK(in->list("").empty());
  CHECK_THROWS_AS(destroy_job(*in, ".."), error);
}

TEST_CASE("what a destroyed job left behind does not meet a new one of its name") {
  const auto in = std::make_shared<memory_store>();
  ten_items(in);
  in->remove("jobs/ten/manifest");
  const auto job = job_record::create(in, small_manifest("ten", "run-2"), {});
  CHECK(job->counts().submitted == 0);
  CHECK(job_record::open(in, "ten")->counts().done == 0);
  CHECK(destroy_job(*in, "ten", true).empty());
  CHECK(in->list("jobs").empty());
}
