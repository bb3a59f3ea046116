// SPDX-License-Identifier: MIT
#include "session/host_link.hpp"

#include <cstring>
#include <utility>

#include <clusterless/error.hpp>

#include "core/defaults.hpp"
#include "os/program.hpp"

namespace clusterless::session {

namespace {
constexpr std::size_t most_fixed = 4096;
constexpr std::uint64_t most_bytes = std::uint64_t{1} << 36;  // of a payload or segment
constexpr std::size_t small_payload = defaults::inline_bytes / 16;
}  // namespace

wire::link_greeting own_greeting() {
  wire::link_greeting mine{};
  mine.version = wire::version;
  std::memcpy(mine.build_id, os::this_build().data(), sizeof mine.build_id);
  return mine;
}

std::optional<bool> greets_alike(const link_frame& frame) {
  const auto got = wire::fixed_part<wire::link_greeting>(frame.fixed.data(), frame.fixed.size());
  if (frame.kind != wire::link::greeting || !got) return std::nullopt;
  const auto mine = own_greeting();
  return std::memcmp(&*got, &mine, sizeof mine) == 0;
}

void host_link::queue(const std::byte* data, std::size_t size, const detail::segment_ptr& shared) {
  if (size == 0) return;
  if (shared) {
    out_.push_back({{}, shared, data, size});
    return;
  }
  // Small parts of one frame after the other are one record of the stream.
  if (out_.empty() || out_.back().shared || out_.back().own.size() > small_payload ||
      out_.back().data != nullptr)
    out_.push_back({});
  auto& last = out_.back();
  last.own.insert(last.own.end(), data, data + size);
  last.size = last.own.size();
}

void host_link::send(wire::link kind, int member, wire::type type, const void* fixed,
                     std::size_t fixed_size, const os::payload& what,
                     const detail::segment_list& beside) {
  wire::link_head head{};
  head.kind = static_cast<std::uint16_t>(kind);
  head.member = static_cast<std::uint16_t>(member);
  head.type = static_cast<std::uint16_t>(type);
  head.segments = static_cast<std::uint16_t>(beside.size());
  head.fixed_size = static_cast<std::uint32_t>(fixed_size);
  head.data_size = what.size;
  if (beside.size() > 0xffff) throw error(error_kind::misuse, "a message has too many segments");
  queue(reinterpret_cast<const std::byte*>(&head), sizeof head, {});
  for (const auto& each : beside) {
    const wire::link_segment entry{each->id, each->capacity};
    queue(reinterpret_cast<const std::byte*>(&entry), sizeof entry, {});
  }
  queue(static_cast<const std::byte*>(fixed), fixed_size, {});
  queue(what.data, what.size, what.shared);
  for (const auto& each : beside)
    queue(each->data, each->capacity, each);
}

bool host_link::flush() {
  while (stream_ && !out_.empty() && !over()) {
    auto& first = out_.front();
    if (first.data == nullptr) first.data = first.own.data();
    const std::size_t n = stream_->write({first.data, first.size});
    if (n == 0) return !over();
    first.data += n;
    first.size -= n;
    if (first.size == 0) out_.pop_front();
  }
  return !out_.empty() && !over();
}

bool host_link::over() const noexcept {
  return !broken_.empty() || (stream_ && stream_->now() != os::tls_stream::state::open);
}

std::string host_link::why() const {
  return broken_.empty() && stream_ ? stream_->why() : broken_;
}

/// Reads until all places are full; false when there is no more for now.
bool host_link::fill() {
  while (!places_.empty()) {
    auto& next = places_.front();
    if (next.size != 0) {
      const std::size_t n = stream_->read({next.at, next.size});
      if (n == 0) return false;
      next.at += n;
      next.size -= n;
    }
    if (next.size == 0) places_.pop_front();
  }
  return true;
}

bool host_link::begin_table() {
  if (head_.kind < static_cast<std::uint16_t>(wire::link::greeting) ||
      head_.kind > static_cast<std::uint16_t>(wire::link::died) || head_.fixed_size > most_fixed ||
      head_.data_size > most_bytes) {
    broken_ = "it sent a frame that makes no sense";
    return false;
  }
  table_.assign(head_.segments, {});
  places_.push_back(
      {reinterpret_cast<std::byte*>(table_.data()), table_.size() * sizeof(wire::link_segment)});
  stage_ = stage::table;
  return true;
}

bool host_link::begin_body() {
  frame_ = {};
  frame_.kind = static_cast<wire::link>(head_.kind);
  frame_.member = head_.member;
  frame_.type = static_cast<wire::type>(head_.type);
  frame_.fixed.resize(head_.fixed_size);
  frame_.size = static_cast<std::size_t>(head_.data_size);
  places_.push_back({frame_.fixed.data(), frame_.fixed.size()});
  if (frame_.size > small_payload) {
    frame_.large = detail::allocate_segment(frame_.size);
    places_.push_back({frame_.large->data, frame_.size});
  } else {
    frame_.small.resize(frame_.size);
    places_.push_back({frame_.small.data(), frame_.size});
  }
  for (const auto& each : table_) {
    if (each.size == 0 || each.size > most_bytes) {
      broken_ = "it sent a segment of " + std::to_string(each.size) + " bytes";
      return false;
    }
    auto segment = detail::allocate_segment(static_cast<std::size_t>(each.size));
    segment->id = each.id;
    places_.push_back({segment->data, static_cast<std::size_t>(each.size)});
    frame_.beside.push_back(std::move(segment));
  }
  stage_ = stage::body;
  return true;
}

bool host_link::receive(link_frame& out) {
  if (!stream_) return false;
  while (!over()) {
    if (!begun_) {
      places_.push_back({reinterpret_cast<std::byte*>(&head_), sizeof head_});
      begun_ = true;
    }
    if (!fill()) return false;
    if (stage_ == stage::head) {
      if (!begin_table()) return false;
    } else if (stage_ == stage::table) {
      if (!begin_body()) return false;
    } else {
      stage_ = stage::head;
      begun_ = false;
      out = std::exchange(frame_, {});
      return true;
    }
  }
  return false;
}

}  // namespace clusterless::session
