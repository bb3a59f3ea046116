// SPDX-License-Identifier: MIT
#include "store/framed_log.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <clusterless/error.hpp>
#include <filesystem>
#include <string>

#include "store/directory_store.hpp"
#include "support/memory_store.hpp"
#include "support/scratch_directory.hpp"

using namespace clusterless;
using namespace clusterless::store;

namespace {

const std::string key = "jobs/x/log";

bytes as_bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

std::string text_of(bytes content) {
  return {reinterpret_cast<const char*>(content.data()), content.size()};
}
std::string text_of(const buffer& content) {
  return text_of({content.data(), content.size()});
}

/// Three frames: a body of odd size, meta without body, meta and body.
void write_small_log(object_store& to) {
  log_writer log(to, key);
  log.add(1, {}, as_bytes("the first"));
  log.add(2, as_bytes("meta one"), {});
  log.add(3, as_bytes("meta two, longer"), as_bytes("12345678"));
  log.write();
}

struct found {
  std::string bodies;
  std::uint64_t frames = 0;
  log_end end = log_end::clean;
  log_damage damage;
  std::string refusal;  // of a body
};

found read_all(const object_store& from) {
  log_reader in(from, key);
  found all;
  frame f;
  try {
    while (in.next(f)) {
      ++all.frames;
      all.bodies += text_of(in.body(f)) + "|";
    }
  } catch (const error& e) {
    all.refusal = e.what();
  }
  all.end = in.end();
  all.damage = in.damage();
  return all;
}

}  // namespace

TEST_CASE("frames come back as they were added, heads without bodies and bodies by offset") {
  tests::memory_store store;
  write_small_log(store);
  log_reader in(store, key);
  frame f;

  REQUIRE(in.next(f));
  CHECK(f.kind == 1);
  CHECK(f.number == 0);
  CHECK(f.meta.empty());
  CHECK(f.body_size == 9);
  REQUIRE(in.next(f));
  CHECK(text_of(f.meta) == "meta one");
  CHECK(f.body_size == 0);
  REQUIRE(in.next(f));
  CHECK(f.number == 2);
  CHECK(text_of(in.body(f)) == "12345678");
  const std::uint64_t third = f.offset;
  CHECK(!in.next(f));
  CHECK(in.end() == log_end::clean);
  CHECK(in.offset() == store.size(key));

  log_reader again(store, key);
  const frame direct = again.at(third);
  CHECK(text_of(direct.meta) == "meta two, longer");
  CHECK(text_of(again.body(direct)) == "12345678");
  CHECK_THROWS_WITH_AS(again.at(third + 8), doctest::Contains("memory/jobs/x/log, frame"), error);
}

TEST_CASE("a reader goes on where it stopped when the log has grown") {
  tests::memory_store store;
  log_reader in(store, key);
  frame f;
  CHECK(!in.next(f));
  log_writer log(store, key);
  for (int i = 0; i < 100; ++i) {
    log.add(1, as_bytes("12345678"), as_bytes(std::string(static_cast<std::size_t>(i) * 50, 'x')));
    CHECK(!in.refresh());
    log.write();
    CHECK(in.refresh());
    REQUIRE(in.next(f));
    CHECK(in.body(f).size() == static_cast<std::size_t>(i) * 50);
    CHECK(!in.next(f));
  }
}

TEST_CASE("small and large frames mix") {
  tests::memory_store store;
  log_writer log(store, key);
  std::vector<std::uint64_t> offsets;
  std::vector<std::string> bodies;
  for (const std::size_t n : {0u, 1u, 300000u, 7u, 8u, 262144u, 262145u, 5000u, 1u << 20, 3u}) {
    bodies.push_back(std::string(n, static_cast<char>('a' + bodies.size())));
    offsets.push_back(log.add(9, as_bytes("12345678"), as_bytes(bodies.back())));
  }
  log.write();
  log_reader in(store, key);
  frame f;
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    REQUIRE(in.next(f));
    CHECK(f.offset == offsets[i]);
    CHECK(text_of(in.body(f)) == bodies[i]);
  }
  CHECK(!in.next(f));
  CHECK(in.end() == log_end::clean);
}

TEST_CASE("a log cut at any byte gives its whole frames, is torn, and can be gone on with") {
  tests::memory_store store;
  write_small_log(store);
  const auto whole = store.content(key);
  const found before = read_all(store);
  REQUIRE(before.frames == 3);

  for (std::size_t n = 0; n < whole.size(); ++n) {
    store.set_content(key, {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n)});
    const found now = read_all(store);
    REQUIRE(now.frames < 3);
    REQUIRE(before.bodies.starts_with(now.bodies));
    const bool at_boundary = n == 0 || n == 64 || n == 120;
    REQUIRE(now.end == (at_boundary ? log_end::clean : log_end::torn));

    log_writer log(store, key);
    REQUIRE(log.cut_bytes() == (at_boundary ? 0 : n - (n < 64 ? 0 : n < 120 ? 64 : 120)));
    log.add(7, {}, as_bytes("after"));
    log.write();
    const found after = read_all(store);
    REQUIRE(after.end == log_end::clean);
    REQUIRE(after.bodies == now.bodies + "after|");
  }
}

TEST_CASE("any changed byte is found and named with its file, frame and place") {
  tests::memory_store store;
  write_small_log(store);
  const auto whole = store.content(key);
  const std::uint64_t starts[] = {0, 64, 120, whole.size()};

  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int flip : {1, 0x80, 0xff}) {
      auto changed = whole;
      changed[at] ^= static_cast<std::byte>(flip);
      store.set_content(key, changed);
      std::uint64_t hit = 0;
      while (at >= starts[hit + 1])
        ++hit;
      const std::string name = "memory/jobs/x/log, frame " + std::to_string(hit) + " at byte " +
                               std::to_string(starts[hit]) + ": ";
      const found now = read_all(store);
      if (now.refusal.empty()) {
        REQUIRE(now.end == log_end::damaged);
        REQUIRE(to_string(store, now.damage).starts_with(name));
        REQUIRE_THROWS_WITH_AS(log_writer(store, key), doctest::Contains(name.c_str()), error);
      } else {
        REQUIRE(now.refusal.find(name) != std::string::npos);
      }
    }
  }
}

TEST_CASE("a reader can go on behind damage") {
  tests::memory_store store;
  write_small_log(store);
  auto content = store.content(key);
  content[70] ^= std::byte{4};
  store.set_content(key, content);
  log_reader in(store, key);
  frame f;

  REQUIRE(in.next(f));
  CHECK(!in.next(f));
  CHECK(in.end() == log_end::damaged);
  REQUIRE(in.skip_damage());
  REQUIRE(in.next(f));
  CHECK(f.kind == 3);
  CHECK(f.number == 2);
  CHECK(!in.next(f));
  CHECK(in.end() == log_end::clean);
}

TEST_CASE("zeros at the end are what a crash of the machine leaves, zeros before frames are not") {
  tests::memory_store store;
  write_small_log(store);
  const auto whole = store.content(key);
  for (const std::size_t zeros : {1u, 47u, 48u, 4096u, 100000u}) {
    auto longer = whole;
    longer.resize(whole.size() + zeros);
    store.set_content(key, longer);
    CHECK(read_all(store).end == log_end::torn);
    CHECK(log_writer(store, key).cut_bytes() == zeros);
  }
  auto hole = whole;
  std::fill(hole.begin() + 64, hole.begin() + 120, std::byte{0});
  store.set_content(key, hole);
  CHECK(read_all(store).end == log_end::damaged);
}

TEST_CASE("a log grown by 1 TiB of holes is read at once, and so are frames behind a hole") {
  const tests::scratch_directory folder;
  const auto store = open_directory_store(folder.path() + "/store");
  constexpr std::uint64_t tebibyte = std::uint64_t{1} << 40;
  write_small_log(*store);
  const std::uint64_t size = store->size(key).value();
  std::error_code refused;
  std::filesystem::resize_file(store->place(key), tebibyte, refused);
  if (refused) {
    MESSAGE("skipped: " << refused.message());
    return;
  }
  CHECK(store->zeros_until(key, 1 << 20) == tebibyte);

  CHECK(read_all(*store).frames == 3);
  CHECK(read_all(*store).end == log_end::torn);
  CHECK(log_writer(*store, key).cut_bytes() == tebibyte - size);

  log_writer log(*store, key);
  const std::string large(300'000, 'l');
  log.add(4, {}, as_bytes(large));
  const std::uint64_t last = log.add(5, {}, as_bytes("the last"));
  log.write();
  const int fd = ::open(store->place(key).c_str(), O_WRONLY | O_CLOEXEC);
  REQUIRE(fd >= 0);
  constexpr int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  const bool punched = ::fallocate(fd, punch, 0, static_cast<off_t>(last)) == 0;
  ::close(fd);
  if (!punched) return;
  log_reader reader(*store, key);
  frame f;
  CHECK(!reader.next(f));
  CHECK(reader.end() == log_end::damaged);
  REQUIRE(reader.skip_damage());
  REQUIRE(reader.next(f));
  CHECK(text_of(reader.body(f)) == "the last");
}

TEST_CASE("frames of another log, or moved within theirs, do not pass") {
  tests::memory_store store;
  write_small_log(store);
  const auto whole = store.content(key);
  store.set_content("jobs/y/log", whole);
  log_reader other(store, "jobs/y/log");
  frame f;
  CHECK(!other.next(f));
  CHECK(other.end() == log_end::damaged);

  auto twice = whole;
  twice.insert(twice.end(), whole.begin() + 64, whole.begin() + 120);
  store.set_content(key, twice);
  const found now = read_all(store);
  CHECK(now.frames == 3);
  CHECK(now.end == log_end::damaged);
}

TEST_CASE("a body that looks like a log is not taken for frames when its head is damaged") {
  tests::memory_store store;
  write_small_log(store);
  const auto inner = store.content(key);
  {
    log_writer log(store, "outer");
    log.add(1, {}, inner);
    log.add(2, {}, as_bytes("behind"));
    log.write();
  }
  auto content = store.content("outer");
  content[8] ^= std::byte{1};
  store.set_content("outer", content);
  log_reader in(store, "outer");
  frame f;
  CHECK(!in.next(f));
  REQUIRE(in.skip_damage());
  REQUIRE(in.next(f));
  CHECK(f.kind == 2);
}

TEST_CASE("a log on a full disk stays whole and goes on when there is room") {
  tests::small_file_system disk("1m");
  if (!disk.mounted()) {
    MESSAGE("skipped: " << disk.why_not());
    return;
  }
  const auto store = open_directory_store(disk.path());
  log_writer log(*store, key);
  const std::string small(1000, 's');
  const std::string large(300000, 'l');
  log.add(1, {}, as_bytes(small));
  log.write();
  store->put("ballast", as_bytes(std::string(500000, 'b')));

  log.add(2, {}, as_bytes(small));
  CHECK_NOTHROW(log.add(3, {}, as_bytes(large)));
  CHECK_THROWS_WITH_AS(log.add(4, {}, as_bytes(large)), doctest::Contains("is full"), error);
  int added = 0;
  for (; added < 600; ++added)
    log.add(5, {}, as_bytes(small));
  CHECK_THROWS_WITH_AS(log.write(), doctest::Contains("is full"), error);
  CHECK(read_all(*store).end == log_end::clean);
  CHECK(read_all(*store).frames == 3);

  store->remove("ballast");
  log.write();
  log.sync();
  const found all = read_all(*store);
  CHECK(all.end == log_end::clean);
  CHECK(all.frames == 3u + static_cast<unsigned>(added));
}
