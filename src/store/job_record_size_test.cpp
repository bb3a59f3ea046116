// SPDX-License-Identifier: MIT
// A million items: what their index holds in memory, and, printed only, how long things take.
#include <doctest/doctest.h>

#include <chrono>

#include "store/directory_store.hpp"
#include "store/job_record.hpp"
#include "store/test_packs.hpp"
#include "support/scratch_directory.hpp"

using namespace clusterless::store;
using namespace clusterless::store::tests;

namespace {

class stopwatch {
 public:
  double microseconds() const {
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start_)
        .count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

void append_frames(job_record& job, std::uint64_t items, std::uint64_t each) {
  for (std::uint64_t first = 0; first < items; first += each) {
    // The order of workers that race: pairs of frames swapped.
    const std::uint64_t at = (first / each) % 2 == 0 ? first + each : first - each;
    job.append_outcomes(at, each, 1, 1, bytes_of(pack_of("v", at, each)));
    if (each == 1000 || at % 1000 == 0) job.commit();
  }
  job.commit();
}

void check_size(std::uint64_t items, std::uint64_t each, double bytes_per_item) {
  const clusterless::tests::scratch_directory place;
  const std::shared_ptr<object_store> in = open_directory_store(place.path());
  {
    const auto job = job_record::create(in, small_manifest("x"), {});
    const stopwatch writing;
    append_frames(*job, items, each);
    MESSAGE(items << " outcomes in frames of " << each << ": recorded durably in "
                  << writing.microseconds() / static_cast<double>(items) << " us an item");
  }
  const stopwatch opening;
  const auto job = job_record::open(in, "x");
  const double opened = opening.microseconds();
  CHECK(job->counts().done == items);
  CHECK(static_cast<double>(job->index_memory()) < bytes_per_item * static_cast<double>(items));
  const stopwatch reading;
  std::uint64_t size = 0;
  for (std::uint64_t i = 0; i < items; ++i)
    size += job->read_outcome(i)->body.size();
  CHECK(size > items);
  MESSAGE("opened in " << opened / 1000 << " ms, index of " << job->index_memory()
                       << " bytes, read in order at "
                       << reading.microseconds() / static_cast<double>(items) << " us an item");
  CHECK(text_of(job->read_outcome(items - 1)) == "v " + std::to_string(items - 1));
}

}  // namespace

#if defined(CLUSTERLESS_FEWER_ITEMS)
constexpr std::uint64_t share = 10;
#else
constexpr std::uint64_t share = 1;
#endif

TEST_CASE("a million outcomes in frames of a thousand are indexed in under a byte an item") {
  check_size(1000000 / share, 1000, 1);
}

TEST_CASE("outcomes that came one by one are indexed in under 100 bytes each") {
  check_size(200000 / share, 1, 100);
}
