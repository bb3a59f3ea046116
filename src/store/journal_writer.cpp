// SPDX-License-Identifier: MIT
#include "store/journal_writer.hpp"

#include <clusterless/detail/pack.hpp>
#include <clusterless/error.hpp>

#include "os/wall_clock.hpp"

namespace clusterless::store {
namespace {

void check_range(item_range range) {
  if (range.count == 0 || range.count > max_frame_items || range.first >= max_items)
    throw error(error_kind::misuse, "items " + std::to_string(range.first) + " and " +
                                        std::to_string(range.count) +
                                        " on cannot be recorded together: 1 to " +
                                        std::to_string(max_frame_items) + " are possible");
}

[[noreturn]] void reject_pack(const char* what, item_range range) {
  throw error(error_kind::misuse, std::string("the pack of ") + what + " of items " +
                                      std::to_string(range.first) + " to " +
                                      std::to_string(range.end() - 1) +
                                      " does not hold one entry for each of them");
}

std::uint32_t number_of(journal_kind kind) {
  return static_cast<std::uint32_t>(kind);
}

}  // namespace

std::string journal_key(const std::string& folder, std::uint64_t epoch) {
  return folder + "/journal/" + std::to_string(epoch);
}

bool claim_journal(object_store& in, const std::string& folder, std::uint64_t epoch) {
  return log_writer::make(in, journal_key(folder, epoch), number_of(journal_kind::claimed), {}, {});
}

journal_writer::journal_writer(object_store& to, const std::string& folder, std::uint64_t epoch,
                               const std::vector<fence>& fences)
    : log_(to, journal_key(folder, epoch)) {
  if (log_.end() != frame_head_size)
    throw error(error_kind::lost,
                to.place(journal_key(folder, epoch)) + " is in use by another driver of the job");
  const opened_meta meta{epoch, os::unix_ms()};
  log_.add(number_of(journal_kind::opened), bytes_of(meta), std::as_bytes(std::span(fences)));
  commit(true);
}

void journal_writer::add_inputs(item_range range, bytes pack) {
  check_range(range);
  detail::pack_cursor at(pack.data(), pack.size());
  detail::entry_view entry;
  std::uint64_t n = 0;
  while (at.next(entry))
    n += entry.kind != detail::entry_kind::error;
  if (!at.good() || n != range.count) reject_pack("inputs", range);
  const inputs_meta meta{range.first, range.count};
  log_.add(number_of(journal_kind::inputs), bytes_of(meta), pack);
}

void journal_writer::add_sealed(std::uint64_t total) {
  const sealed_meta meta{total};
  log_.add(number_of(journal_kind::sealed), bytes_of(meta), {});
}

void journal_writer::add_outcomes(item_range range, std::uint64_t task, std::uint32_t attempt,
                                  bytes pack) {
  check_range(range);
  outcomes_meta meta{range.first, range.count, task, attempt, 0};
  meta_.clear();
  meta_.append(&meta, sizeof meta);
  const auto map_size = static_cast<std::size_t>((range.count + 7) / 8);
  detail::pack_cursor at(pack.data(), pack.size());
  detail::entry_view entry;
  std::uint64_t n = 0;
  for (; at.next(entry); ++n) {
    if (entry.kind == detail::entry_kind::value) continue;
    if (entry.kind != detail::entry_kind::error || n >= range.count) reject_pack("outcomes", range);
    if (meta.has_failures == 0) std::memset(meta_.extend(map_size), 0, map_size);
    meta.has_failures = 1;
    std::byte& byte = meta_.data()[sizeof meta + static_cast<std::size_t>(n / 8)];
    byte |= std::byte{1} << (n % 8);
  }
  if (!at.good() || n != range.count) reject_pack("outcomes", range);
  std::memcpy(meta_.data(), &meta, sizeof meta);
  log_.add(number_of(journal_kind::outcomes), {meta_.data(), meta_.size()}, pack);
}

void journal_writer::add_reopened(const std::vector<item_range>& failed) {
  log_.add(number_of(journal_kind::reopened), {}, std::as_bytes(std::span(failed)));
}

void journal_writer::add_tasks(const std::vector<placed_task>& tasks) {
  log_.add(number_of(journal_kind::tasks), {}, encode_tasks(tasks));
}

void journal_writer::add_tasks_gone() {
  log_.add(number_of(journal_kind::tasks_gone), {}, {});
}

void journal_writer::commit(bool durable) {
  log_.write();
  if (durable) log_.sync();
}

}  // namespace clusterless::store
