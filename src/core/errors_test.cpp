// SPDX-License-Identifier: MIT
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <clusterless/codec.hpp>
#include <clusterless/detail/client.hpp>
#include <clusterless/error.hpp>
#include <clusterless/outcome.hpp>

using namespace clusterless;

namespace {

/// A job that is over, with the given causes as outcomes; nothing stands for a value.
class ended_job final : public detail::job_core {
 public:
  explicit ended_job(std::vector<std::optional<cause>> outcomes) : outcomes_(std::move(outcomes)) {}

  detail::outcome_run ordered(std::size_t item) override {
    if (item >= outcomes_.size()) return {};
    auto bytes = std::make_shared<detail::buffer>();
    writer out(*bytes);
    const std::size_t at = detail::open_entry(*bytes);
    const auto why = outcomes_[item];
    if (why) codec<error_info>::put(out, error_info{.cause = *why, .message = "m", .item = item});
    detail::close_entry(*bytes, at, why ? detail::entry_kind::error : detail::entry_kind::value);
    return {item, 1, bytes->data(), bytes->size(), nullptr, bytes};
  }
  std::string id() const override { return "ended"; }
  detail::outcome_run finished(std::size_t&) override { return {}; }
  void want_all() override {}
  void release_before(std::size_t) override {}
  bool wait_for(std::chrono::nanoseconds) override { return true; }
  job_status status() override { return {}; }
  std::string output(std::size_t) override { return {}; }
  void cancel() override {}
  destroy_report destroy() override { return {}; }
  detail::job_ptr regroup(detail::call, std::size_t, const map_options&) override { return {}; }
  void retry_failed() override {}

 private:
  std::vector<std::optional<cause>> outcomes_;
};

/// The item whose error a fetch of the job throws.
std::size_t blamed_item(ended_job job, std::size_t first) {
  const auto run = job.ordered(first);
  detail::pack_cursor entries(run.data, run.size);
  detail::entry_view entry;
  REQUIRE(entries.next(entry));
  try {
    detail::throw_failure(job, first, entry);
  } catch (const remote_error& caught) {
    return caught.item();
  }
}

std::string story(error_info info) {
  return remote_error(std::move(info)).what();
}

}  // namespace

TEST_CASE("an error tells item, place, cause, message, stack and last output") {
  CHECK(story({.cause = cause::exception,
               .type = "std::out_of_range",
               .message = "no such shot",
               .item = 7,
               .task = 3,
               .attempt = 2,
               .pool = 1,
               .node = "node-4",
               .worker = 5,
               .output = "reading\nshot 12\n",
               .trace = "read_shot at survey.cpp:12\nmain at main.cpp:3"}) ==
        "item 7 (task 3, attempt 2, node node-4, worker 5) threw std::out_of_range: no such shot\n"
        "  stack:\n"
        "    read_shot at survey.cpp:12\n"
        "    main at main.cpp:3\n"
        "  last output:\n"
        "    reading\n"
        "    shot 12");
}

TEST_CASE("what is not known is left out of an error's text") {
  CHECK(story({.cause = cause::crashed, .type = "SIGSEGV", .item = 0}) == "item 0 crashed SIGSEGV");
  CHECK(
      story(
          {.cause = cause::timed_out, .message = "ran longer than 2.0 s", .item = 1, .task = 1}) ==
      "item 1 (task 1) timed out: ran longer than 2.0 s");
  CHECK(story({.cause = cause::crashed, .type = "SIGSEGV", .item = 2, .worker = 3}) ==
        "item 2 (worker 3) crashed SIGSEGV");
}

TEST_CASE("lost nodes and kills are worth running again elsewhere, the rest is a failure") {
  for (int c = 0; c <= static_cast<int>(cause::cancelled); ++c) {
    const auto why = static_cast<cause>(c);
    const bool lost = why == cause::node_lost || why == cause::killed;
    CHECK(remote_error({.cause = why}).kind() == (lost ? error_kind::lost : error_kind::failed));
    CHECK(std::string(to_string(why)) != "unknown cause");
  }
  CHECK(std::string(to_string(static_cast<cause>(99))) == "unknown cause");
}

TEST_CASE("an error comes back from its bytes, and no other bytes give one") {
  const error_info info = {.cause = cause::killed,
                           .type = "SIGKILL",
                           .message = "m",
                           .item = 9,
                           .node = "n",
                           .output = "o",
                           .trace = "t"};
  detail::buffer bytes;
  writer out(bytes);
  codec<error_info>::put(out, info);
  const error_info back = detail::decode_error(bytes.data(), bytes.size());
  CHECK(back.cause == cause::killed);
  CHECK(back.item == 9);
  CHECK(back.node == "n");
  CHECK(back.output == "o");
  CHECK(back.trace == "t");

  for (std::size_t n = 0; n < bytes.size(); ++n)
    CHECK_THROWS_AS(detail::decode_error(bytes.data(), n), codec_error);
  bytes.data()[0] = std::byte{200};
  CHECK_THROWS_AS(detail::decode_error(bytes.data(), bytes.size()), codec_error);
}

TEST_CASE("an outcome has a value or an error, never both and never neither") {
  const outcome<int> good(3, 42);
  CHECK(good);
  CHECK(good.item() == 3);
  CHECK(good.value() == 42);
  CHECK_THROWS_AS(good.error(), error);

  const outcome<int> bad(4, remote_error({.cause = cause::exited, .item = 4}));
  CHECK_FALSE(bad);
  CHECK(bad.error().cause() == cause::exited);
  CHECK_THROWS_AS(bad.value(), remote_error);
}

TEST_CASE("copies of an error tell the same story") {
  const remote_error first({.cause = cause::exception, .message = "x", .item = 1});
  const remote_error second = first;
  CHECK(std::string(first.what()) == second.what());
  CHECK(&first.info() == &second.info());
}

TEST_CASE("of items that were not run any more none is blamed while another one failed") {
  const std::optional<cause> value, failed = cause::exception, not_run = cause::cancelled;

  CHECK(blamed_item(ended_job({value, not_run, value, failed, not_run, failed}), 1) == 3);
  CHECK(blamed_item(ended_job({value, failed, not_run}), 1) == 1);
  CHECK(blamed_item(ended_job({not_run, not_run, not_run}), 0) == 0);
}

TEST_CASE("the story of a failure is whole, whatever bytes were printed") {
  const remote_error told({.message = "m", .output = std::string("before\0after", 12)});
  CHECK(std::string(told.what()).find("before?after") != std::string::npos);
  CHECK(told.output() == std::string("before\0after", 12));
}
