// SPDX-License-Identifier: MIT
#include "cli/job_look.hpp"

#include <doctest/doctest.h>

#include "support/memory_store.hpp"

namespace {

using namespace clusterless;
using cli::job_state;

store::bytes no_bytes() {
  return {};
}

std::unique_ptr<store::job_record> make_job(const std::shared_ptr<store::object_store>& in,
                                            const std::string& name) {
  store::manifest about;
  about.name = name;
  about.run = "run1";
  about.result_schema = "i4";
  about.total = 3;
  return store::job_record::create(in, about, no_bytes());
}

}  // namespace

TEST_CASE("the state of a job follows from what is recorded and who is alive") {
  CHECK(cli::state_of({.complete = true}) == job_state::finished);
  CHECK(cli::state_of({.complete = true, .driven = true, .failed = 1}) == job_state::failed);
  CHECK(cli::state_of({.driven = true}) == job_state::running);
  CHECK(cli::state_of({.driven = true, .cancel_requested = true}) == job_state::running);
  CHECK(cli::state_of({}) == job_state::interrupted);
  CHECK(cli::state_of({.failed = 2}) == job_state::interrupted);
  CHECK(cli::state_of({.stops_on_error = true, .failed = 2}) == job_state::failed);
  CHECK(cli::state_of({.stops_on_error = true}) == job_state::interrupted);
  CHECK(cli::state_of({.cancel_requested = true}) == job_state::cancelled);
  CHECK(cli::state_of({.complete = true, .cancel_requested = true}) == job_state::finished);
}

TEST_CASE("a job is looked at while another process drives it") {
  const auto in = std::make_shared<tests::memory_store>();
  auto driver = make_job(in, "waves");

  auto job = cli::look_at(in, "waves");
  CHECK(job.state == job_state::running);
  CHECK(job.missing() == 3);
  CHECK(cli::summary(job)["driver"].is_object());

  driver->request_cancel();
  driver->release();
  job.refresh();
  CHECK(job.state == job_state::cancelled);
  CHECK(cli::summary(job)["driver"].is_null());
  CHECK(cli::summary(job)["total"] == 3);
}

TEST_CASE("a name that is not there suggests the nearest") {
  const auto in = std::make_shared<tests::memory_store>();
  CHECK_THROWS_WITH_AS(cli::look_at(in, "waves"), doctest::Contains("and no other"), error);
  make_job(in, "waves-2");
  CHECK_THROWS_WITH_AS(cli::look_at(in, "wave-2"), doctest::Contains("did you mean 'waves-2'?"),
                       error);
  CHECK_THROWS_WITH_AS(cli::look_at(in, "mountains"), doctest::Contains("`clusterless jobs`"),
                       error);
}

TEST_CASE("a manifest that cannot be read is a damaged job, not a missing one") {
  const auto in = std::make_shared<tests::memory_store>();
  make_job(in, "waves");
  const std::string text = "{}";
  in->put("jobs/waves/manifest", std::as_bytes(std::span(text)));

  const auto job = cli::look_at(in, "waves");
  CHECK(job.state == job_state::damaged);
  CHECK_FALSE(job.record);
  CHECK(cli::summary(job)["problem"].is_string());
  CHECK_THROWS_AS(cli::look_at_whole(in, "waves"), error);
}

TEST_CASE("times and pools are told in words") {
  CHECK(cli::iso_time(0) == "1970-01-01T00:00:00Z");
  CHECK(cli::iso_time(1772366405999) == "2026-03-01T12:00:05Z");
  CHECK(cli::in_words(
            store::pool_shape{.engine = "local", .pools = 2, .nodes = 4, .nodes_per_task = 4}) ==
        "local, 2 x 4 nodes, 4 a task");
  CHECK(cli::in_words(store::pool_shape{.engine = "local", .procs_per_node = 3}) ==
        "local, 1 node, 3 workers a node");
}
