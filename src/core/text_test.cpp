// SPDX-License-Identifier: MIT
#include "core/text.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <string>

using namespace clusterless::core;

TEST_CASE("the last lines of a text, whether or not it ends with a line break") {
  CHECK(last_lines("a\nb\nc\n", 2) == "b\nc");
  CHECK(last_lines("a\nb\nc", 2) == "b\nc");
  CHECK(last_lines("a\nb\nc\n\n\n", 1) == "c");
  CHECK(last_lines("a\n\nc\n", 2) == "\nc");
  CHECK(last_lines("a\nb", 5) == "a\nb");
  CHECK(last_lines("\na", 2) == "\na");
  CHECK(last_lines("\na", 1) == "a");
  CHECK(last_lines("a", 0).empty());
  CHECK(last_lines("", 3).empty());
  CHECK(last_lines("\n\n", 3).empty());
}

TEST_CASE("texts ended by zero bytes come back, the last one ended or not") {
  const auto split = [](std::string_view all) {
    return split_zero_ended(reinterpret_cast<const std::byte*>(all.data()), all.size());
  };
  const std::vector<std::string> texts = {"a", "", "b c"};

  CHECK(split(zero_ended(texts)) == texts);
  CHECK(split(std::string_view("a\0b", 3)) == std::vector<std::string>{"a", "b"});
  CHECK(split("").empty());
  CHECK(zero_ended({}).empty());
}

TEST_CASE("durations in the two units people would use") {
  CHECK(duration_text(0) == "0 us");
  CHECK(duration_text(1'500) == "2 us");
  CHECK(duration_text(850'000'000) == "850 ms");
  CHECK(duration_text(4'200'000'000) == "4.2 s");
  CHECK(duration_text(200'000'000'000) == "3 min 20 s");
  CHECK(duration_text(22'200'000'000'000) == "6 h 10 min");
}

TEST_CASE("a duration is never rounded up to a full next unit") {
  CHECK(duration_text(999'999) == "1 ms");
  CHECK(duration_text(999'999'999) == "1.0 s");
  CHECK(duration_text(59'990'000'000) == "1 min 0 s");
  CHECK(duration_text(3'599'900'000'000) == "1 h 0 min");
}

TEST_CASE("sizes in powers of 1024") {
  CHECK(size_text(0) == "0 B");
  CHECK(size_text(1023) == "1023 B");
  CHECK(size_text(1024) == "1.0 KiB");
  CHECK(size_text(8u << 20) == "8.0 MiB");
  CHECK(size_text(std::uint64_t{1} << 40) == "1.0 TiB");
  CHECK(size_text(std::uint64_t{1} << 60) == "1048576.0 TiB");
  CHECK(size_text((1u << 20) - 1) == "1.0 MiB");
}

TEST_CASE("one thing, several things") {
  CHECK(count_text(1, "item") == "1 item");
  CHECK(count_text(0, "item") == "0 items");
  CHECK(count_text(21, "item") == "21 items");
}

TEST_CASE("bytes become hexadecimal digits and come back") {
  const unsigned char bytes[] = {0x00, 0x0f, 0xa5, 0xff};
  CHECK(to_hex_digits(bytes, sizeof bytes) == "000fa5ff");
  const auto back = from_hex_digits("000fA5ff");
  REQUIRE(back);
  CHECK(std::memcmp(back->data(), bytes, sizeof bytes) == 0);
  CHECK(from_hex_digits("")->empty());
  for (const char* bad : {"0", "0g", "-1", "+1", " 1", "0x"})
    CHECK_FALSE(from_hex_digits(bad));
}

TEST_CASE("a word for the shell keeps what is in it") {
  CHECK(shell_word("") == "''");
  CHECK(shell_word("a $b \"c\"") == "'a $b \"c\"'");
  CHECK(shell_word("it's") == "'it'\\''s'");
}
