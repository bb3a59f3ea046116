// SPDX-License-Identifier: MIT
#include "store/side_log.hpp"

#include <clusterless/error.hpp>

#include "store/journal_frames.hpp"

namespace clusterless::store {
namespace {

constexpr std::uint32_t record_kind = 1;

struct output_meta {
  std::uint64_t unix_ms = 0;
  std::uint64_t task = 0;
  std::uint64_t item = 0;
  std::int32_t pool = 0;
  std::int32_t worker = 0;
  std::uint64_t node_size = 0;  // the node's name opens the body
};

struct event_meta {
  std::uint64_t unix_ms = 0;
  std::uint64_t task = 0;
  std::uint64_t item = 0;
  std::int32_t attempt = 0;
  std::int32_t pool = 0;
  std::int32_t worker = 0;
  std::uint32_t kind = 0;
};

std::string side_key(const std::string& folder, const std::string& name, std::uint64_t epoch) {
  return folder + "/" + name + "/" + std::to_string(epoch);
}

std::string text_of(const buffer& body, std::size_t from, std::size_t to) {
  return {reinterpret_cast<const char*>(body.data()) + from, to - from};
}

}  // namespace

side_writer::side_writer(object_store& to, std::string folder, std::uint64_t epoch)
    : to_(&to), folder_(std::move(folder)), epoch_(epoch) {}

log_writer& side_writer::open(std::unique_ptr<log_writer>& log, const char* name) {
  if (!log) log = std::make_unique<log_writer>(*to_, side_key(folder_, name, epoch_));
  return *log;
}

void side_writer::add(const output_record& line) {
  const output_meta meta{line.unix_ms, line.task,   line.item,
                         line.pool,    line.worker, line.node.size()};
  const std::string body = line.node + line.text;
  open(output_, "output").add(record_kind, bytes_of(meta), std::as_bytes(std::span(body)));
}

void side_writer::add(const event_record& event) {
  const event_meta meta{event.unix_ms, event.task,   event.item, event.attempt,
                        event.pool,    event.worker, event.kind};
  open(events_, "events").add(record_kind, bytes_of(meta), std::as_bytes(std::span(event.text)));
}

void side_writer::flush() {
  if (output_) output_->write();
  if (events_) events_->write();
}

side_reader::side_reader(const object_store& from, std::string folder, const char* name)
    : from_(&from), folder_(std::move(folder)), name_(name), log_(open()) {}

log_reader side_reader::open() const {
  return log_reader(*from_, side_key(folder_, name_, epoch_));
}

bool side_reader::next(frame& head, buffer& body) {
  for (;;) {
    if (log_.next(head)) {
      body = log_.body(head);
      return true;
    }
    if (log_.end() == log_end::damaged) {
      const log_damage found = log_.damage();
      if (!log_.skip_damage()) ++epoch_, log_ = open();
      throw error(error_kind::failed, "damaged record: " + to_string(*from_, found));
    }
    if (log_.refresh()) continue;
    // The next epoch begins after the last line of this one, so one more look settles it.
    if (!from_->size(journal_key(folder_, epoch_ + 1))) return false;
    if (log_.refresh()) continue;
    ++epoch_;
    log_ = open();
  }
}

bool output_reader::next(output_record& out) {
  frame head;
  buffer body;
  output_meta meta;
  if (!in_.next(head, body)) return false;
  if (!read_front(head.meta, meta) || meta.node_size > body.size())
    throw error(error_kind::failed, "damaged record: a line of output contradicts itself");
  const auto node_size = static_cast<std::size_t>(meta.node_size);
  out = {meta.unix_ms,
         meta.task,
         meta.item,
         meta.pool,
         meta.worker,
         text_of(body, 0, node_size),
         text_of(body, node_size, body.size())};
  return true;
}

bool event_reader::next(event_record& out) {
  frame head;
  buffer body;
  event_meta meta;
  if (!in_.next(head, body)) return false;
  if (!read_front(head.meta, meta))
    throw error(error_kind::failed, "damaged record: an event contradicts itself");
  out = {meta.unix_ms, static_cast<std::uint16_t>(meta.kind),
         meta.task,    meta.item,
         meta.attempt, meta.pool,
         meta.worker,  text_of(body, 0, body.size())};
  return true;
}

}  // namespace clusterless::store
