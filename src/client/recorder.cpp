// SPDX-License-Identifier: MIT
#include "client/recorder.hpp"

#include <charconv>
#include <cstring>

#include <clusterless/codec.hpp>

#include "client/job_events.hpp"
#include "core/checksum.hpp"
#include "os/wall_clock.hpp"

namespace clusterless::client {

namespace {

store::bytes view(const std::byte* data, std::size_t size) {
  return {data, size};
}

}  // namespace

void recorder::inputs(std::uint64_t first, std::uint64_t count, const std::byte* data,
                      std::size_t size) {
  record_->append_inputs(first, count, view(data, size));
  changed_ = true;
  new_inputs_ = true;
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
  line.unix_ms = os::unix_ms();
  line.task = task;
  line.item = item;
  line.pool = pool;
  line.worker = worker;
  line.text = text;
  record_->append_output(line);
  unflushed_ = true;
}

void recorder::commit_inputs() {
  if (!new_inputs_) return;
  record_->commit(false);
  new_inputs_ = false;
  changed_ = false;
  unsynced_ = true;
}

void recorder::placed(const std::vector<store::placed_task>& tasks) {
  record_->append_tasks(tasks);
  record_->commit(true);
  new_inputs_ = changed_ = unsynced_ = false;
}

void recorder::progress(std::uint64_t task, std::uint64_t item, double fraction,
                        std::string_view text) {
  auto& event = progress_[task];
  event.unix_ms = os::unix_ms();
  event.kind = static_cast<std::uint16_t>(event_kind::progress);
  event.task = task;
  event.item = item;
  event.text = progress_text(fraction, text);
}

void recorder::retried(const error_info& why) {
  store::event_record event;
  event.unix_ms = os::unix_ms();
  event.kind = static_cast<std::uint16_t>(event_kind::retried);
  event.task = why.task;
  event.item = why.item;
  event.attempt = why.attempt;
  event.worker = why.worker;
  event.text = remote_error(why).what();
  record_->append_event(event);
  unflushed_ = true;
}

// Every commit survives this process. Surviving the machine costs a wait for the disk, so that is
// done at most ten times a second, and at the end.
void recorder::commit(core::nanoseconds now, bool finished) {
  constexpr core::nanoseconds between_syncs = 100'000'000;
  constexpr core::nanoseconds between_progress = 1'000'000'000;
  if (!progress_.empty() && now - last_progress_ >= between_progress) {
    for (const auto& [task, event] : progress_)
      record_->append_event(event);
    progress_.clear();
    last_progress_ = now;
    unflushed_ = true;
  }
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

namespace {

std::string shared_name(const std::uint64_t (&key)[2]) {
  return core::to_hex(core::content_hash{key[0], key[1]});
}

}  // namespace

// As stored: a count of segments, each as id, size and contents, and then the encoded value.
void recorder::keep_broadcast(const core::broadcast_bytes& value) {
  std::vector<std::uint64_t> heads{value.beside.size()};
  heads.reserve(1 + 2 * value.beside.size());
  for (const auto& segment : value.beside) {
    heads.push_back(segment->id);
    heads.push_back(segment->capacity);
  }
  std::vector<store::bytes> parts;
  const auto words = [&](std::size_t from, std::size_t n) {
    parts.push_back(
        view(reinterpret_cast<const std::byte*>(heads.data() + from), n * sizeof(std::uint64_t)));
  };
  words(0, 1);
  for (std::size_t i = 0; i < value.beside.size(); ++i) {
    words(1 + 2 * i, 2);
    parts.push_back(view(value.beside[i]->data, value.beside[i]->capacity));
  }
  parts.push_back(view(value.bytes.data(), value.bytes.size()));
  record_->put_shared_value(shared_name(value.key), parts);
}

std::vector<std::array<std::uint64_t, 2>> recorder::broadcast_keys() const {
  std::vector<std::array<std::uint64_t, 2>> keys;
  for (const auto& name : record_->shared_names()) {
    if (name.size() != 32) continue;  // not a value of ours
    const auto part = [&name](std::size_t at) {
      std::uint64_t value = 0;
      std::from_chars(name.data() + at, name.data() + at + 16, value, 16);
      return value;
    };
    keys.push_back({part(0), part(16)});
  }
  return keys;
}

std::shared_ptr<const core::broadcast_bytes> recorder::broadcast(
    const std::uint64_t (&key)[2]) const {
  const auto stored = record_->shared_value(shared_name(key));
  if (!stored) return nullptr;
  auto value = std::make_shared<core::broadcast_bytes>();
  value->key[0] = key[0];
  value->key[1] = key[1];
  reader in(stored->data(), stored->size());
  for (auto segments = in.get_count(1); segments != 0; --segments) {
    const auto id = in.get_raw<std::uint64_t>();
    const std::size_t size = in.get_count(1);
    const std::byte* from = in.take(size);
    auto segment = detail::allocate_segment(size);
    std::memcpy(segment->data, from, size);
    segment->id = id;
    value->beside.push_back(std::move(segment));
  }
  const std::size_t rest = in.left();
  value->bytes.append(in.take(rest), rest);
  return value;
}

void recorder::release() {
  record_->release();
}

void recorder::drive_again() {
  if (!record_->drive()) record_->refuse_second_driver();
}

bool recorder::cancel_requested(core::nanoseconds now) {
  // Asking a service costs.
  const bool far = record_->store()->holds_linger().count() != 0;
  const core::nanoseconds between_looks = far ? 5'000'000'000 : 500'000'000;
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
