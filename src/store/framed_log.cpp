// SPDX-License-Identifier: MIT
#include "store/framed_log.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <clusterless/detail/pack.hpp>
#include <clusterless/error.hpp>
#include <cstring>
#include <limits>

#include "core/checksum.hpp"

namespace clusterless::store {
namespace {

static_assert(std::endian::native == std::endian::little, "logs are little-endian");

constexpr std::uint32_t frame_magic = 0x31464c43;  // "CLF1"
constexpr std::size_t small_read = 4u << 10;
constexpr std::size_t large_read = 256u << 10;
constexpr std::size_t gather_up_to = 1u << 20;
constexpr std::size_t write_through = 256u << 10;  // bodies from here on are not copied

constexpr std::uint64_t max_frame_body = std::uint64_t{1} << 60;

struct raw_head {
  std::uint64_t head_sum = 0;
  std::uint32_t magic = frame_magic;
  std::uint32_t kind = 0;
  std::uint32_t meta_size = 0;
  std::uint32_t reserved = 0;
  std::uint64_t body_size = 0;
  std::uint64_t meta_sum = 0;
  std::uint64_t body_sum = 0;
};
static_assert(sizeof(raw_head) == frame_head_size);

std::uint64_t sum_of(const raw_head& head, std::uint64_t identity, std::uint64_t offset) {
  return core::checksum64(&head.magic, sizeof head - sizeof head.head_sum,
                          identity ^ (offset * 0x9e3779b97f4a7c15u));
}

/// What makes one log's checksums differ from another's.
std::uint64_t identity_of(const std::string& key) {
  return core::checksum64(key.data(), key.size());
}

bool is_zero(bytes of) {
  return std::all_of(of.begin(), of.end(), [](std::byte b) { return b == std::byte{0}; });
}

}  // namespace

std::string to_string(const object_store& in, const log_damage& damage) {
  return in.place(damage.key) + ", frame " + std::to_string(damage.frame) + " at byte " +
         std::to_string(damage.offset) + ": " + damage.what;
}

log_reader::log_reader(const object_store& from, std::string key)
    : from_(&from),
      key_(std::move(key)),
      identity_(identity_of(key_)),
      limit_(std::numeric_limits<std::uint64_t>::max()),
      ahead_(small_read) {
  refresh();
}

bool log_reader::refresh() {
  const std::uint64_t now = from_->size(key_).value_or(0);
  const bool more = now > size_;
  // The end of the block may have been read while it was being written.
  if (now != size_ || end_ != log_end::clean) block_.clear();
  size_ = now;
  return more;
}

void log_reader::limit_to(std::uint64_t size) {
  limit_ = size;
}

bool log_reader::has(std::uint64_t offset, std::size_t n) const {
  return offset >= block_at_ && offset - block_at_ <= block_.size() &&
         n <= block_.size() - (offset - block_at_);
}

/// Makes [offset, offset + n) of the log part of the block; false when the log is shorter.
bool log_reader::load(std::uint64_t offset, std::size_t n) {
  const std::uint64_t size = std::min(size_, limit_);
  if (offset > size || n > size - offset) return false;
  if (has(offset, n)) return true;
  const bool near = offset >= block_at_ && offset <= block_at_ + block_.size() + small_read;
  ahead_ = near ? std::min(ahead_ * 2, large_read) : small_read;
  const std::uint64_t wanted = std::min<std::uint64_t>(size - offset, std::max(n, ahead_));
  block_.resize(static_cast<std::size_t>(wanted));
  block_at_ = offset;
  block_.resize(from_->read(key_, offset, block_));
  return block_.size() >= n;
}

log_reader::head log_reader::parse(std::uint64_t offset, frame& out) {
  if (!load(offset, frame_head_size)) return head::cut_short;
  raw_head raw;
  std::memcpy(&raw, block_.data() + (offset - block_at_), sizeof raw);
  if (raw.magic != frame_magic || sum_of(raw, identity_, offset) != raw.head_sum || raw.kind == 0 ||
      raw.meta_size > max_frame_meta || raw.meta_size % 8 != 0 || raw.reserved != 0 ||
      raw.body_size > max_frame_body)
    return head::wrong;
  if (!load(offset, frame_head_size + raw.meta_size)) return head::cut_short;
  out.meta = {block_.data() + (offset - block_at_) + frame_head_size, raw.meta_size};
  if (core::checksum64(out.meta.data(), out.meta.size()) != raw.meta_sum) return head::wrong;
  out.offset = offset;
  out.number = number_;
  out.kind = raw.kind;
  out.body_at = offset + frame_head_size + raw.meta_size;
  out.body_size = raw.body_size;
  out.body_sum = raw.body_sum;
  return out.end() <= std::min(size_, limit_) ? head::intact : head::cut_short;
}

bool log_reader::next(frame& out) {
  if (offset_ >= std::min(size_, limit_)) return stop(log_end::clean, "");
  const head found = parse(offset_, out);
  if (found == head::cut_short) return stop(log_end::torn, "the log ends inside it");
  if (found == head::wrong) {
    // A crash of the machine may leave a file longer than what reached the disk.
    frame later;
    if (is_blank(offset_) && !find_head(offset_ + 8, later))
      return stop(log_end::torn, "its bytes never arrived");
    return stop(log_end::damaged, "its head does not match its checksum");
  }
  offset_ = out.end();
  ++number_;
  return true;
}

bool log_reader::stop(log_end how, const char* what) {
  end_ = how;
  what_ = what;
  return false;
}

bool log_reader::is_blank(std::uint64_t offset) {
  return load(offset, frame_head_size) &&
         is_zero({block_.data() + (offset - block_at_), frame_head_size});
}

/// The first intact head at or behind `from`. Heads lie at multiples of 8, and one inside a body
/// cannot pass: its sum would have to be made for this log and this place.
bool log_reader::find_head(std::uint64_t from, frame& out) {
  for (std::uint64_t at = from;; at += 8) {
    // No head begins in a hole, unless with a checksum of 0.
    if (!has(at, frame_head_size)) at = std::max(at, from_->zeros_until(key_, at) / 8 * 8);
    if (!load(at, frame_head_size)) return false;
    if (parse(at, out) == head::intact) return true;
  }
}

bool log_reader::skip_damage() {
  frame found;
  if (!find_head(offset_ + 8, found)) return false;
  offset_ = found.offset;
  ++number_;
  return true;
}

frame log_reader::at(std::uint64_t offset) {
  frame out;
  out.offset = offset;
  head found = parse(offset, out);
  if (found == head::cut_short && refresh()) found = parse(offset, out);
  if (found != head::intact) reject(out, "its head does not match its checksum");
  return out;
}

bool log_reader::read_body(const frame& of, buffer& into) {
  if (of.end() > std::min(size_, limit_)) return false;
  const auto n = static_cast<std::size_t>(of.end() - of.body_at);
  const auto size = static_cast<std::size_t>(of.body_size);
  into.clear();
  std::byte* to = into.extend(n);
  if (of.body_at >= block_at_ && of.end() <= block_at_ + block_.size()) {
    if (n != 0) std::memcpy(to, block_.data() + (of.body_at - block_at_), n);
  } else if (n != 0 && from_->read(key_, of.body_at, {to, n}) != n) {
    return false;
  }
  into.shrink_to(size);
  return core::checksum64(to, size) == of.body_sum && is_zero({to + size, n - size});
}

buffer log_reader::body(const frame& of) {
  buffer content;
  if (!read_body(of, content)) reject(of, "its content does not match its checksum");
  return content;
}

void log_reader::reject(const frame& of, const std::string& what) const {
  log_reader counting(*from_, key_);
  frame seen;
  while (counting.offset() < of.offset && counting.next(seen)) {
  }
  throw error(error_kind::failed,
              "damaged record: " + to_string(*from_, {key_, of.offset, counting.number(), what}));
}

log_writer::log_writer(object_store& to, const std::string& key)
    : identity_(identity_of(key)), to_(to.append_to(key)) {
  log_reader reader(to, key);
  frame seen;
  while (reader.next(seen)) {
  }
  if (reader.end() == log_end::damaged)
    throw error(error_kind::failed, "damaged record: " + to_string(to, reader.damage()));
  cut_ = to_->size() - reader.offset();
  if (cut_ != 0) to_->cut_to(reader.offset());
}

// Puts all of a frame but its body behind `to`, which has room for it.
void log_writer::put_head(std::vector<std::byte>& to, std::uint64_t identity, std::uint64_t offset,
                          std::uint32_t kind, bytes meta, bytes body) {
  if (meta.size() > max_frame_meta)
    throw error(error_kind::misuse, "a log frame cannot have " + std::to_string(meta.size()) +
                                        " bytes of meta: the limit is " +
                                        std::to_string(max_frame_meta));
  const std::size_t start = to.size();
  const std::size_t meta_space = detail::padded(meta.size());
  to.resize(start + frame_head_size + meta_space);
  std::byte* at = to.data() + start;
  if (!meta.empty()) std::memcpy(at + frame_head_size, meta.data(), meta.size());
  raw_head raw;
  raw.kind = kind;
  raw.meta_size = static_cast<std::uint32_t>(meta_space);
  raw.body_size = body.size();
  raw.meta_sum = core::checksum64(at + frame_head_size, meta_space);
  raw.body_sum = core::checksum64(body.data(), body.size());
  raw.head_sum = sum_of(raw, identity, offset);
  std::memcpy(at, &raw, sizeof raw);
}

bool log_writer::make(object_store& in, const std::string& key, std::uint32_t kind, bytes meta,
                      bytes body) {
  std::vector<std::byte> first;
  put_head(first, identity_of(key), 0, kind, meta, body);
  first.insert(first.end(), body.begin(), body.end());
  first.resize(detail::padded(first.size()));
  return in.put_new(key, first);
}

std::uint64_t log_writer::add(std::uint32_t kind, bytes meta, bytes body) {
  const bool direct = body.size() >= write_through;
  if (gathered_.size() >= gather_up_to || direct) write();
  const std::uint64_t offset = end();
  const std::size_t pad = detail::padded(body.size()) - body.size();
  // All the room at once, so that a frame is never half gathered.
  const std::size_t room = gathered_.size() + frame_head_size + detail::padded(meta.size()) +
                           (direct ? 0 : body.size() + pad);
  if (room > gathered_.capacity()) gathered_.reserve(std::max(room, gathered_.capacity() * 2));
  put_head(gathered_, identity_, offset, kind, meta, body);
  if (!direct) {
    gathered_.insert(gathered_.end(), body.begin(), body.end());
    gathered_.resize(gathered_.size() + pad);
    return offset;
  }

  constexpr std::array<std::byte, 8> zeros = {};
  const std::array<bytes, 3> parts = {bytes(gathered_.data(), gathered_.size()), body,
                                      bytes(zeros.data(), pad)};
  try {
    to_->append(parts);
  } catch (...) {
    gathered_.clear();
    throw;
  }
  gathered_.clear();
  return offset;
}

void log_writer::write() {
  if (gathered_.empty()) return;
  const bytes part(gathered_.data(), gathered_.size());
  to_->append({&part, 1});
  gathered_.clear();
}

}  // namespace clusterless::store
