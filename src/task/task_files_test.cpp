// SPDX-License-Identifier: MIT
// Plans, broadcast values and logs as files: whole, cut, damaged.
#include <doctest/doctest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <clusterless/clusterless.hpp>

#include "support/scratch_directory.hpp"
#include "support/task_plans.hpp"
#include "task/flat.hpp"
#include "task/task_log.hpp"
#include "task/task_plan.hpp"

using namespace clusterless;
using namespace clusterless::task;
using tests::plan_of;
using tests::read_all;

namespace {

using numbers = array<std::uint32_t>;

int twice(int x) {
  return 2 * x;
}
std::uint64_t total(const numbers& of) {
  std::uint64_t sum = 0;
  for (const auto each : of)
    sum += each;
  return sum;
}

numbers numbers_of(std::size_t n, std::uint32_t value) {
  numbers made(n);
  for (auto& each : made)
    each = value;
  return made;
}

numbers item_at(const core::piece& of, std::size_t index) {
  detail::pack_cursor cursor(of.pack->data + of.offset, of.size);
  detail::entry_view entry;
  for (std::size_t i = 0; i <= index; ++i)
    REQUIRE(cursor.next(entry));
  reader in(entry.body, entry.size, &of.pack->beside);
  return codec<numbers>::get(in);
}

/// Every cut and every changed bit of `bytes` is refused.
template <class Read>
void check_refused(std::vector<std::byte> bytes, const Read& read) {
  for (std::size_t n = 0; n < bytes.size(); ++n)
    CHECK_THROWS_AS(read(bytes.data(), n), error);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] ^= std::byte{4};
    CHECK_THROWS_AS(read(bytes.data(), bytes.size()), error);
    bytes[i] ^= std::byte{4};
  }
}

}  // namespace

TEST_CASE("a plan comes back as it was, and damage is told") {
  auto plan = plan_of(twice, std::vector<int>{1, 2, 3}, 2, 4);
  auto call = std::make_shared<core::call_spec>(*plan.order.call);
  call->env = std::string("A=1") + '\0';
  call->bound.assign(9, std::byte{3});
  call->timeout = 77;
  call->by_reference = false;
  plan.order.call = call;
  plan.order.attempt = 3;
  plan.omp_threads = 6;
  plan.pool = 2;
  plan.keep_going = false;
  const auto bytes = encode_plan(plan);

  const auto back = decode_plan(bytes.data(), bytes.size());

  CHECK(back.build_id == plan.build_id);
  CHECK(back.pool == 2);
  CHECK(back.omp_threads == 6);
  CHECK_FALSE(back.keep_going);
  CHECK(back.order.key == 7);
  CHECK(back.order.task == 1);
  CHECK(back.order.attempt == 3);
  CHECK(back.order.shape == core::task_shape{2, 4});
  CHECK(back.order.items.first == 5);
  CHECK(back.order.items.count == 3);
  CHECK(back.order.call->entry_offset == call->entry_offset);
  CHECK(back.order.call->target_offset == call->target_offset);
  CHECK(back.order.call->env == call->env);
  CHECK(back.order.call->bound == call->bound);
  CHECK(back.order.call->timeout == 77);
  CHECK_FALSE(back.order.call->by_reference);
  check_refused(bytes, [](const std::byte* from, std::size_t n) { return decode_plan(from, n); });
}

TEST_CASE("a plan carries the arrays of its own items and no others") {
  auto plan = plan_of(
      total, std::vector<numbers>{numbers_of(20'000, 7), numbers_of(40'000, 9), numbers_of(3, 1)});
  const auto whole = encode_plan(plan);
  {
    const auto back = decode_plan(whole.data(), whole.size());
    CHECK(back.order.items.pack->beside.size() == 2);
    CHECK(total(item_at(back.order.items, 0)) == 140'000);
    CHECK(total(item_at(back.order.items, 1)) == 360'000);
    CHECK(total(item_at(back.order.items, 2)) == 3);
  }
  // The second item alone.
  auto& items = plan.order.items;
  detail::pack_cursor cursor(items.pack->data, items.pack->size);
  detail::entry_view entry;
  REQUIRE(cursor.next(entry));
  const auto first = static_cast<std::size_t>(cursor.position() - items.pack->data);
  REQUIRE(cursor.next(entry));
  items = {6, 1, items.pack, first,
           static_cast<std::size_t>(cursor.position() - items.pack->data) - first};

  const auto bytes = encode_plan(plan);
  const auto back = decode_plan(bytes.data(), bytes.size());

  CHECK(back.order.items.pack->beside.size() == 1);
  CHECK(total(item_at(back.order.items, 0)) == 360'000);
  CHECK(bytes.size() < 200'000);
}

TEST_CASE("an array that many items share is in the plan once, and zeros at its end are not") {
  const numbers shared = numbers_of(300'000, 5);  // 1.2 MB, in a segment of 2 MiB
  const auto bytes = encode_plan(plan_of(total, std::vector<numbers>(10, shared)));

  CHECK(bytes.size() < 2'200'000);
  const auto back = decode_plan(bytes.data(), bytes.size());
  CHECK(back.order.items.pack->beside.size() == 1);
  CHECK(total(item_at(back.order.items, 9)) == 1'500'000);
  numbers zeros(100'000);
  zeros[0] = 1;
  const auto small = encode_plan(plan_of(total, std::vector<numbers>{zeros}));
  CHECK(small.size() < 300'000);
  CHECK(item_at(decode_plan(small.data(), small.size()).order.items, 0) == zeros);
}

TEST_CASE("numbers of a plan that make no sense are refused") {
  const auto refused = [](auto change) {
    auto plan = plan_of(twice, std::vector<int>{1});
    change(plan.order);
    const auto bytes = encode_plan(plan);
    CHECK_THROWS_WITH_AS(decode_plan(bytes.data(), bytes.size()), doctest::Contains("plan"), error);
  };
  refused([](core::run_order& order) { order.shape.nodes = 0; });
  refused([](core::run_order& order) { order.shape.procs_per_node = 1 << 20; });
  refused([](core::run_order& order) { order.items.count = 2; });
  refused([](core::run_order& order) { order.items.first = ~std::uint64_t{0}; });
  refused([](core::run_order& order) { order.attempt = 0; });
}

TEST_CASE("a broadcast value is a file under its key, arrays included") {
  core::broadcast_bytes value;
  value.key[0] = 0x1234;
  value.key[1] = 0xff;
  writer out(value.bytes, &value.beside);
  codec<numbers>::put(out, numbers_of(50'000, 2));
  CHECK(broadcast_file_name(value.key) == "000000000000123400000000000000ff");
  const auto file = encode_broadcast(value);

  const auto back = decode_broadcast(value.key, file.data(), file.size());

  reader in(back.bytes.data(), back.bytes.size(), &back.beside);
  CHECK(total(codec<numbers>::get(in)) == 100'000);
  const std::uint64_t other[2] = {0x1234, 0xfe};
  CHECK_THROWS_WITH_AS(decode_broadcast(other, file.data(), file.size()),
                       doctest::Contains("another value"), error);
  core::broadcast_bytes small;
  codec<int>::put(*std::make_unique<writer>(small.bytes), 5);
  check_refused(encode_broadcast(small), [&small](const std::byte* from, std::size_t n) {
    return decode_broadcast(small.key, from, n);
  });
}

namespace {

struct log_file {
  tests::scratch_directory folder = {};
  std::string path = folder.path() + "/log";
  std::vector<std::byte> bytes = {};

  void read() { bytes = read_all(path); }
  void tell_a_line() {
    {
      log_writer log(path);
      log.printed(2, "a line\n");
      log.ended(0);
    }
    read();
  }
  std::vector<log_entry> entries() const {
    log_reader log(bytes.data(), bytes.size());
    std::vector<log_entry> all;
    for (log_entry one; log.next(one);)
      all.push_back(one);
    return all;
  }
};

}  // namespace

TEST_CASE("a log gives back what was told, with arrays that can be decoded") {
  log_file file;
  detail::buffer pack;
  {
    log_writer log(file.path);
    log.started("10.0.0.4,10.0.0.5");
    log.progress(0.25, "a quarter");
    log.printed(3, "a line\n");
    detail::segment_list beside;
    writer out(pack, &beside);
    for (const std::uint32_t value : {1u, 2u}) {
      const std::size_t at = detail::open_entry(pack);
      codec<numbers>::put(out, numbers_of(30'000, value));
      detail::close_entry(pack, at);
    }
    log.outcomes(2, 99, {pack.data(), pack.size(), {}, beside});
    error_info why;
    why.message = "no";
    why.item = 4;
    log.failed(1, why);
    log.ended(0);
  }
  file.read();

  const auto all = file.entries();

  REQUIRE(all.size() == 6);
  CHECK(all[0].kind == entry_kind::started);
  CHECK(all[0].text() == "10.0.0.4,10.0.0.5");
  CHECK(all[0].number != 0);
  CHECK(to_fraction(all[1]) == 0.25);
  CHECK(all[1].text() == "a quarter");
  CHECK(all[2].number == 3);
  CHECK(all[2].text() == "a line\n");
  CHECK(all[3].count == 2);
  CHECK(all[3].number == 99);
  const auto outcome = to_outcome(all[3]);
  detail::pack_cursor cursor(outcome.data, outcome.size);
  detail::entry_view entry;
  for (const std::uint64_t sum : {30'000u, 60'000u}) {
    REQUIRE(cursor.next(entry));
    reader in(entry.body, entry.size, &outcome.beside);
    CHECK(total(codec<numbers>::get(in)) == sum);
  }
  CHECK(all[4].count == 1);
  CHECK(to_error(all[4]).message == "no");
  CHECK(to_error(all[4]).item == 4);
  CHECK(all[5].kind == entry_kind::ended);
}

TEST_CASE("a log that is cut is read as far as it is whole, from any entry on") {
  log_file file;
  file.tell_a_line();
  const std::size_t size = file.bytes.size();
  std::size_t first = 0;
  for (std::size_t n = 0; n <= size; ++n) {
    log_reader log(file.bytes.data(), n);
    log_entry entry;
    int found = 0;
    while (log.next(entry)) {
      if (found++ == 0) first = log.position();
    }
    CHECK(log.trouble().empty());
    CHECK(found == (n == size ? 2 : first != 0 ? 1 : 0));
  }
  log_reader rest(file.bytes.data() + first, size - first);
  log_entry entry;
  REQUIRE(rest.next(entry));
  CHECK(entry.kind == entry_kind::ended);
}

TEST_CASE("what is wrong in a log is not there, and can be asked for") {
  log_file file;
  file.tell_a_line();
  auto& bytes = file.bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] ^= std::byte{1};
    log_reader log(bytes.data(), bytes.size());
    log_entry entry;
    int found = 0;
    while (log.next(entry))
      ++found;
    CHECK(found < 2);
    CHECK(log.trouble().find("byte " + std::to_string(log.position())) != std::string::npos);
    bytes[i] ^= std::byte{1};
  }
}

TEST_CASE("another start of a task has a log of its own") {
  log_file file;
  log_writer before(file.path);
  before.started("");
  file.read();
  const auto name = file.entries().front().number;
  log_writer log(file.path);
  log.started("");
  before.printed(1, "nobody reads this\n");
  file.read();

  const auto all = file.entries();

  REQUIRE(all.size() == 1);
  CHECK(all.front().number != name);
  CHECK_THROWS_WITH_AS(log_writer(file.folder.path() + "/none/log"), doctest::Contains("none/log"),
                       error);
}

TEST_CASE("segments that a file makes up are refused") {
  std::vector<std::uint64_t> words{1, 8, 99, 70'000, 40'000};
  std::vector<std::byte> file(words.size() * 8 + 8 + 40'000);
  const auto read = [&] {
    std::memcpy(file.data(), words.data(), words.size() * 8);
    return read_flat(file).has_value();
  };
  CHECK(read());
  const auto refused = [&](std::size_t at, std::uint64_t value) {
    const auto was = std::exchange(words[at], value);
    CHECK_FALSE(read());
    words[at] = was;
  };
  refused(0, 0);
  refused(0, 2);
  refused(0, ~std::uint64_t{0});
  refused(1, 9);
  refused(1, ~std::uint64_t{0});
  refused(3, 39'999);
  refused(3, 80'001);
  refused(3, std::uint64_t{1} << 60);
  refused(4, 30'000);
  refused(4, 40'001);
  CHECK(read());
}
