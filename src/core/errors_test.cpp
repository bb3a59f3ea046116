// SPDX-License-Identifier: MIT
#include <string>

#include <doctest/doctest.h>
#include <clusterless/codec.hpp>
#include <clusterless/detail/client.hpp>
#include <clusterless/error.hpp>
#include <clusterless/outcome.hpp>

using namespace clusterless;

namespace {

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
