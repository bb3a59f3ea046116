// SPDX-License-Identifier: MIT
#include "client/recorder.hpp"

#include <chrono>
#include <cstring>

#include "store/directory_store.hpp"

namespace clusterless::client {

namespace {

std::uint64_t unix_ms() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

store::bytes view(const std::byte* data, std::size_t size) { return {data, size}; }

}  // namespace

std::shared_ptr<store::object_store> open_store() {
  return store::open_directory_store(store::default_store_path());
}

void recorder::inputs(std::uint64_t first, std::uint64_t count, const std::byte* data,
                      std::size_t size) {
  record_->append_inputs(first, count, view(data, size));
  changed_ = true;
}

void recorder::seal(std::uint64_t total) {
  if (record_->sealed()) return;
  record_->seal(total);
  changed_ = true;
}

void recorder::outcomes(std::uint64_t first, std::uint64_t count, std::uint64_t task, int attempt,
                        const std::byte* data, std::size_t size) {
  record_->append_outcomes(first, count, task, static_cast<std::uint32_t>(attempt),
                           view(data, size));
  changed_ = true;
}

void recorder::printed(std::uint64_t task, std::uint64_t item, int pool, int worker,
                       std::string_view text) {
  store::output_record line;
  line.unix_ms = unix_ms();
  line.task = task;
  line.item = item;
  line.pool = pool;
  line.worker = worker;
  line.text = text;
  record_->append_output(line);
  unflushed_ = true;
}

// Every commit survives this process. Surviving the machine costs a wait for the disk, so that is
// done at most ten times a second, and at the end.
void recorder::commit(core::nanoseconds now, bool finished) {
  constexpr core::nanoseconds between_syncs = 100'000'000;
  if (unflushed_) {
    record_->flush();
    unflushed_ = false;
  }
  const bool sync = finished || now - last_sync_ >= between_syncs;
  if (!changed_ && !(sync && unsynced_)) return;
  record_->commit(sync);
  changed_ = false;
  unsynced_ = !sync;
  if (sync) last_sync_ = now;
}

bool recorder::cancel_requested(core::nanoseconds now) {
  constexpr core::nanoseconds between_looks = 500'000'000;
  if (now - last_look_ < between_looks) return false;
  last_look_ = now;
  return record_->cancel_requested();
}

detail::outcome_run recorder::outcome(std::uint64_t item) {
  const auto entry = record_->read_outcome(item);
  if (!entry) return {};
  auto copy = std::make_shared<detail::buffer>();
  const std::size_t at = detail::open_entry(*copy);
  copy->append(entry->body.data(), entry->body.size());
  detail::close_entry(*copy, at, entry->kind);
  return {static_cast<std::size_t>(item), 1, copy->data(), copy->size(), nullptr, copy};
}

}  // namespace clusterless::client
