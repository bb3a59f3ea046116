// SPDX-License-Identifier: MIT
#include "store/side_log.hpp"

#include <doctest/doctest.h>

#include <clusterless/error.hpp>

#include "store/test_packs.hpp"
#include "support/memory_store.hpp"

using namespace clusterless;
using namespace clusterless::store;
using namespace clusterless::store::tests;
using clusterless::tests::memory_store;

TEST_CASE("output and events are read in order, across drivers, while they are written") {
  const auto in = std::make_shared<memory_store>();
  auto job = job_record::create(in, small_manifest("x"), {});
  const auto seen = job_record::open(in, "x");
  output_reader output = seen->read_output();
  event_reader events = seen->read_events();
  output_record line;
  event_record event;
  CHECK(!output.next(line));
  CHECK(!events.next(event));

  job->append_output({17, 3, 42, 1, 2, "node-1", "Hello\nBob\n"});
  job->append_output({18, 3, no_item, 1, 2, "", std::string("\0\xff", 2)});
  job->append_event({19, 7, 3, 42, 2, 1, 5, "lost its node"});
  CHECK(!output.next(line));
  job->flush();
  REQUIRE(output.next(line));
  CHECK(line.unix_ms == 17);
  CHECK(line.task == 3);
  CHECK(line.item == 42);
  CHECK(line.pool == 1);
  CHECK(line.worker == 2);
  CHECK(line.node == "node-1");
  CHECK(line.text == "Hello\nBob\n");
  REQUIRE(output.next(line));
  CHECK(line.item == no_item);
  CHECK(line.node.empty());
  CHECK(line.text == std::string("\0\xff", 2));
  CHECK(!output.next(line));
  REQUIRE(events.next(event));
  CHECK(event.unix_ms == 19);
  CHECK(event.kind == 7);
  CHECK(event.item == 42);
  CHECK(event.attempt == 2);
  CHECK(event.worker == 5);
  CHECK(event.text == "lost its node");

  job.reset();
  for (int epoch = 2; epoch <= 4; ++epoch) {
    const auto next = job_record::open(in, "x");
    REQUIRE(next->drive());
    if (epoch == 3) continue;  // a driver that said nothing
    next->append_output({20, 1, 1, 1, 1, "n", "epoch " + std::to_string(epoch)});
    next->flush();
  }
  REQUIRE(output.next(line));
  CHECK(line.text == "epoch 2");
  REQUIRE(output.next(line));
  CHECK(line.text == "epoch 4");
  CHECK(!output.next(line));
  CHECK(!events.next(event));
}

TEST_CASE("a damaged line is named and the lines behind it are still read") {
  const auto in = std::make_shared<memory_store>();
  const auto job = job_record::create(in, small_manifest("x"), {});
  for (const char* text : {"first line", "second line", "third line"})
    job->append_output({1, 1, 1, 1, 1, "", text});
  job->flush();
  const std::string key = "jobs/x/run-1/output/1";
  const auto whole = in->content(key);
  const std::size_t frame = whole.size() / 3;

  for (const std::size_t at : {frame + 20, frame + 60, 2 * frame - 8}) {
    auto content = whole;
    content[at] ^= std::byte{1};
    in->set_content(key, content);
    output_reader output = job->read_output();
    output_record line;
    REQUIRE(output.next(line));
    CHECK_THROWS_WITH_AS(output.next(line), doctest::Contains("output/1, frame 1 at byte "), error);
    REQUIRE(output.next(line));
    CHECK(line.text == "third line");
    CHECK(!output.next(line));
  }
}

TEST_CASE("a line that a dead driver left unfinished does not hold up the next driver's") {
  const auto in = std::make_shared<memory_store>();
  auto job = job_record::create(in, small_manifest("x"), {});
  job->append_output({1, 1, 1, 1, 1, "", "whole"});
  job->append_output({1, 1, 1, 1, 1, "", "cut"});
  job->flush();
  job.reset();
  const std::string key = "jobs/x/run-1/output/1";
  auto content = in->content(key);
  content.resize(content.size() - 5);
  in->set_content(key, content);
  const auto next = job_record::open(in, "x");
  REQUIRE(next->drive());
  next->append_output({1, 1, 1, 1, 1, "", "after"});
  next->flush();

  output_reader output = next->read_output();
  output_record line;
  REQUIRE(output.next(line));
  CHECK(line.text == "whole");
  REQUIRE(output.next(line));
  CHECK(line.text == "after");
  CHECK(!output.next(line));
}
