// SPDX-License-Identifier: MIT
// Any bytes read as a log, and any frames read as a job's journal, end in an `error` or in a record
// that can be used. The first byte chooses: 'r' raw bytes of a log; else frames, each a kind, the
// sizes of meta and body and their bytes, written with right checksums.
#include <clusterless/error.hpp>
#include <cstdlib>
#include <cstring>

#include "store/job_record.hpp"
#include "support/memory_store.hpp"

namespace {

using namespace clusterless;
using namespace clusterless::store;

constexpr const char* journal_1 = "jobs/x/r/journal/1";

void read_as_log(const std::shared_ptr<tests::memory_store>& in, const std::string& key) {
  log_reader reader(*in, key);
  frame f;
  buffer body;
  for (;;) {
    while (reader.next(f))
      reader.read_body(f, body);
    if (reader.end() != log_end::damaged || !reader.skip_damage()) break;
  }
}

void use(job_record& job) {
  const job_counts counts = job.counts();
  for (const item_range& r : job.missing(0, 100))
    if (job.state(r.first) != item_state::missing) std::abort();
  for (const item_range& r : job.failed(0, 100))
    if (job.state(r.first) != item_state::failed) std::abort();
  for (std::uint64_t i = 0; i < 64; ++i) {
    try {
      if (job.read_outcome(i).has_value() != (job.state(i) != item_state::missing)) std::abort();
      job.read_input(i);
    } catch (const error&) {
    }
  }
  if (job.refresh()) std::abort();
  if (job.drive()) {
    job.commit();
    if (job.counts().done != counts.done || job.counts().failed != counts.failed) std::abort();
  }
}

void read_as_job(const std::shared_ptr<tests::memory_store>& in, bool salvage) {
  try {
    use(*job_record::open(in, "x", {.salvage = salvage}));
  } catch (const error&) {
    if (salvage) std::abort();
  }
}

/// Takes frames out of the input; meta and body sizes are in bytes and units of 8 bytes.
void write_frames(tests::memory_store& to, bytes from) {
  log_writer log(to, journal_1);
  while (from.size() >= 3) {
    const auto kind = std::to_integer<std::uint32_t>(from[0]) % 7 + 1;
    const auto meta = std::min<std::size_t>(std::to_integer<std::size_t>(from[1]), from.size() - 3);
    const auto body =
        std::min<std::size_t>(std::to_integer<std::size_t>(from[2]) * 8, from.size() - 3 - meta);
    log.add(kind, from.subspan(3, meta), from.subspan(3 + meta, body));
    from = from.subspan(3 + meta + body);
  }
  log.write();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bytes rest = std::as_bytes(std::span(data + 1, size - 1));
  for (const bool salvage : {false, true}) {
    const auto in = std::make_shared<tests::memory_store>();
    manifest about;
    about.name = "x";
    about.run = "r";
    job_record::create(in, about, {});
    if (data[0] == 'r') {
      in->set_content(journal_1, {rest.begin(), rest.end()});
    } else {
      write_frames(*in, rest);
    }
    read_as_log(in, journal_1);
    read_as_job(in, salvage);
  }
  return 0;
}
