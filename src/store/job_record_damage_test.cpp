// SPDX-License-Identifier: MIT
// What a job's record is worth when its bytes were cut or changed.
#include <doctest/doctest.h>

#include <algorithm>
#include <clusterless/error.hpp>

#include "store/job_record.hpp"
#include "store/test_packs.hpp"
#include "support/memory_store.hpp"

using namespace clusterless;
using namespace clusterless::store;
using namespace clusterless::store::tests;
using clusterless::tests::memory_store;

namespace {

const std::string log_key = "jobs/x/run-1/journal/1";

/// Six items in three frames of two; item 4 failed; then released.
std::shared_ptr<memory_store> six_items() {
  auto in = std::make_shared<memory_store>();
  const auto job = job_record::create(in, small_manifest("x"), {});
  job->append_inputs(0, 6, bytes_of(pack_of("in", 0, 6)));
  job->seal(6);
  for (const std::uint64_t first : {0u, 2u, 4u}) {
    job->append_outcomes(first, 2, 1, 1, bytes_of(pack_of("out", first, 2, first == 4 ? 4 : 0)));
    job->commit();
  }
  job->append_retry({{4, 1}});
  job->append_outcomes(4, 1, 2, 2, bytes_of(pack_of("again", 4, 1)));
  job->commit();
  return in;
}

/// Every outcome the record gives is the right one; returns how many there are. Throws like it.
std::uint64_t check_outcomes(job_record& job) {
  std::uint64_t n = 0;
  for (std::uint64_t i = 0; i < 6; ++i) {
    const auto found = job.read_outcome(i);
    if (!found) continue;
    ++n;
    const std::string text = text_of(found);
    REQUIRE((text == "out " + std::to_string(i) ||
             (i == 4 && (text == "!out 4" || text == "again 4"))));
  }
  return n;
}

void check_inputs(job_record& job) {
  for (std::uint64_t i = 0; i < job.counts().submitted; ++i) {
    const std::string text = text_of(job.read_input(i));
    REQUIRE(text == "in " + std::to_string(i));
  }
}

}  // namespace

TEST_CASE("an emptied journal is damaged, not that of a driver which is just starting") {
  const auto in = six_items();
  const auto whole = in->content(log_key);
  for (std::size_t n = 0; n < frame_head_size; ++n) {
    in->set_content(log_key, {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n)});
    CHECK_THROWS_WITH_AS(
        job_record::open(in, "x"),
        doctest::Contains("damaged record: memory/jobs/x/run-1/journal/1, frame 0 at byte 0: "),
        error);
    CHECK(job_record::open(in, "x", {.salvage = true})->remarks().size() >= 1);
  }
}

TEST_CASE("a journal cut at any byte gives a right beginning, and the next driver goes on") {
  const auto in = six_items();
  const auto whole = in->content(log_key);
  std::uint64_t before = 0;

  for (std::size_t n = frame_head_size; n <= whole.size(); ++n) {
    in->remove("jobs/x/run-1/journal");
    in->set_content(log_key, {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n)});
    const auto job = job_record::open(in, "x");
    check_inputs(*job);
    const std::uint64_t found = check_outcomes(*job);
    REQUIRE((found >= before || found == 5));  // withdrawing a failure takes one back
    before = found;

    REQUIRE(job->drive());
    if (job->counts().submitted == 0) job->append_inputs(0, 6, bytes_of(pack_of("in", 0, 6)));
    job->seal(6);
    job->commit(false);
    for (const item_range& r : job->missing())
      job->append_outcomes(r.first, r.count, 1, 1, bytes_of(pack_of("out", r.first, r.count)));
    job->commit(false);
    REQUIRE(job->complete());
    const auto after = job_record::open(in, "x");
    REQUIRE(after->complete());
    REQUIRE(check_outcomes(*after) == 6);
    check_inputs(*after);
  }
}

TEST_CASE("any changed byte of a journal is named, and salvage keeps what is intact") {
  const auto in = six_items();
  const auto whole = in->content(log_key);
  std::uint64_t kept = 0;

  for (std::size_t at = 0; at < whole.size(); ++at) {
    auto changed = whole;
    changed[at] ^= std::byte{0x10};
    in->set_content(log_key, changed);
    std::string told;
    try {
      const auto job = job_record::open(in, "x");
      check_outcomes(*job);
      check_inputs(*job);
    } catch (const error& e) {
      REQUIRE(e.kind() == error_kind::failed);
      told = e.what();
    }
    REQUIRE(told.find("damaged record: memory/jobs/x/run-1/journal/1, frame ") == 0);
    REQUIRE(told.find(" at byte ") != std::string::npos);

    const auto salvaged = job_record::open(in, "x", {.salvage = true});
    REQUIRE(!salvaged->remarks().empty());
    const std::uint64_t found = check_outcomes(*salvaged);
    REQUIRE(found >= 4);
    kept += found;
  }
  CHECK(kept > whole.size() * 5);
}

TEST_CASE("a salvaged record can be driven to its end") {
  const auto in = six_items();
  auto changed = in->content(log_key);
  // The body of the second frame of outcomes.
  const std::string word = "out 2";
  const bytes wanted = bytes_of(word);
  const auto at = std::search(changed.begin(), changed.end(), wanted.begin(), wanted.end());
  REQUIRE(at != changed.end());
  *at ^= std::byte{1};
  in->set_content(log_key, changed);

  const auto job = job_record::open(in, "x", {.salvage = true});
  CHECK(job->missing() == std::vector<item_range>{{2, 2}});
  CHECK(job->remark_texts().at(0).find("its content does not match its checksum") !=
        std::string::npos);
  REQUIRE(job->drive());
  job->append_outcomes(2, 2, 1, 1, bytes_of(pack_of("out", 2, 2)));
  job->commit();
  CHECK(job->complete());
  CHECK(check_outcomes(*job) == 6);
  const auto later = job_record::open(in, "x", {.salvage = true});
  CHECK(later->complete());
  CHECK(later->remarks().size() == 1);
}

TEST_CASE("a part of the journal that is gone, cut or another's is named") {
  const auto in = six_items();
  for (int epoch = 2; epoch <= 3; ++epoch)
    REQUIRE(job_record::open(in, "x")->drive());
  const auto whole = in->content(log_key);
  const auto told = [&] {
    try {
      job_record::open(in, "x");
    } catch (const error& e) {
      return std::string(e.what());
    }
    return std::string("(opened)");
  };
  CHECK(told() == "(opened)");

  in->remove(log_key);
  CHECK(told() ==
        "damaged record: memory/jobs/x/run-1/journal/1 is gone, although a later part of the "
        "journal is there");
  in->set_content(log_key, {whole.begin(), whole.end() - 8});
  CHECK(told().find("journal/1, frame 8 at byte ") != std::string::npos);
  CHECK(told().find("the log has lost its end: " + std::to_string(whole.size()) +
                    " bytes of it count") != std::string::npos);
  CHECK(job_record::open(in, "x", {.salvage = true})->remarks().size() == 1);
  in->set_content(log_key, in->content("jobs/x/run-1/journal/2"));
  CHECK(told().find("journal/1, frame 0 at byte 0: its head does not match") != std::string::npos);
}

TEST_CASE("bound arguments and manifests that were changed or moved are named") {
  const auto in = std::make_shared<memory_store>();
  job_record::create(in, small_manifest("x"), bytes_of(std::string("bound")));
  const auto job = job_record::open(in, "x");
  in->set_content("jobs/x/run-1/bound", std::vector<std::byte>(5));
  CHECK_THROWS_WITH_AS(job->bound(), doctest::Contains("does not match the checksum"), error);
  in->remove("jobs/x/run-1/bound");
  CHECK_THROWS_WITH_AS(job->bound(), doctest::Contains("jobs/x/run-1/bound is gone"), error);

  in->set_content("jobs/y/manifest", in->content("jobs/x/manifest"));
  CHECK_THROWS_WITH_AS(job_record::open(in, "y"), doctest::Contains("is the manifest of another"),
                       error);

  in->set_content("jobs/x/manifest", std::vector<std::byte>((std::size_t{64} << 20) + 1));
  CHECK_THROWS_WITH_AS(job_record::open(in, "x"), doctest::Contains("is no manifest"), error);
}

TEST_CASE("a frame with right checksums and impossible content is named") {
  const auto in = six_items();
  const auto whole = in->content(log_key);
  const auto told = [&](journal_kind kind, bytes meta, bytes body) {
    in->set_content(log_key, whole);
    {
      log_writer log(*in, log_key);
      log.add(static_cast<std::uint32_t>(kind), meta, body);
      log.write();
    }
    CHECK(job_record::open(in, "x", {.salvage = true})->remarks().size() == 1);
    try {
      job_record::open(in, "x");
    } catch (const error& e) {
      return std::string(e.what());
    }
    return std::string("(opened)");
  };
  const buffer pack = pack_of("out", 0, 1);
  const auto outcomes = [&](outcomes_meta meta) {
    return told(journal_kind::outcomes, store::bytes_of(meta), bytes_of(pack));
  };
  CHECK(outcomes({6, 1, 0, 0, 0}).find("frame 9 at byte ") != std::string::npos);
  CHECK(outcomes({6, 1, 0, 0, 0}).find("its range of items is impossible") != std::string::npos);
  CHECK(outcomes({0, 0, 0, 0, 0}).find("impossible") != std::string::npos);
  CHECK(outcomes({0, 1000, 0, 0, 0}).find("impossible") != std::string::npos);
  CHECK(outcomes({~0ull, 1, 0, 0, 0}).find("impossible") != std::string::npos);
  CHECK(outcomes({0, 1, 0, 0, 1}).find("list of failures is cut") != std::string::npos);
  CHECK(told(journal_kind::outcomes, {}, {}).find("impossible") != std::string::npos);
  const inputs_meta inputs{7, 1};
  CHECK(told(journal_kind::inputs, store::bytes_of(inputs), bytes_of(pack)).find("impossible") !=
        std::string::npos);
  const sealed_meta sealed{5};
  CHECK(told(journal_kind::sealed, store::bytes_of(sealed), {}).find("contradicts") !=
        std::string::npos);
  CHECK(told(journal_kind::opened, {}, {}).find("a second time") != std::string::npos);
  CHECK(told(journal_kind::reopened, {}, bytes_of(std::string("short"))).find("is cut") !=
        std::string::npos);
  CHECK(told(journal_kind{99}, {}, {}).find("its kind is unknown") != std::string::npos);
}
