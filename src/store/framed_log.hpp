// SPDX-License-Identifier: MIT
// Append-only logs of checksummed frames in one object of a store. A reader tells three ends apart:
// clean; torn, the unfinished frame of a writer that died or is still writing; and damaged, bytes
// that were changed since. Frame heads can be scanned without reading bodies.
//
// A frame, little-endian, head, meta and body each padded with zeros to 8 bytes:
//   u64 head_sum   checksum64 of the rest of the head, seeded with the log's key and the frame's
//                  offset: a head of another log or place does not pass
//   u32 magic      "CLF1"
//   u32 kind       what the frame is to its log; not 0
//   u32 meta_size  bytes of the meta with padding
//   u32 reserved   0
//   u64 body_size  bytes of the body without padding
//   u64 meta_sum   checksum64 of the meta with padding
//   u64 body_sum   checksum64 of the body without padding
//   meta, body
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "store/store.hpp"

namespace clusterless::store {

inline constexpr std::size_t frame_head_size = 48;
inline constexpr std::size_t max_frame_meta = 16u << 20;

struct frame {
  std::uint64_t offset = 0;  ///< of the head, in bytes from the start of the log
  std::uint64_t number = 0;  ///< frames before it
  std::uint32_t kind = 0;
  bytes meta = {};              ///< with padding; valid until next() or at()
  std::uint64_t body_at = 0;    ///< offset of the body
  std::uint64_t body_size = 0;  ///< without padding
  std::uint64_t body_sum = 0;
  std::uint64_t end() const { return body_at + ((body_size + 7) & ~std::uint64_t{7}); }
};

/// Bytes that are not what was written, or never all arrived.
struct log_damage {
  std::string key;
  std::uint64_t offset = 0;  ///< where it starts
  std::uint64_t frame = 0;   ///< number of the frame there
  std::string what;          ///< "the head does not match its checksum"
};
/// "<place>, frame 3 at byte 1288: the head does not match its checksum"
std::string to_string(const object_store& in, const log_damage& damage);

enum class log_end { clean, torn, damaged };

/// Walks over the frames of a log.
class log_reader {
 public:
  /// Reads the log up to its present size; none there is an empty one.
  log_reader(const object_store& from, std::string key);

  /// The next intact head. False at the end of what is intact; end() says which end that is.
  bool next(frame& out);
  log_end end() const { return end_; }
  /// What is at the end when that is not clean.
  log_damage damage() const { return {key_, offset_, number_, what_}; }
  /// Where next() looks: the end of the frames seen.
  std::uint64_t offset() const { return offset_; }
  std::uint64_t number() const { return number_; }

  /// Looks again how long the log is now; true when there is more to read than before.
  bool refresh();
  /// Reads only the first `size` bytes from now on.
  void limit_to(std::uint64_t size);
  /// Goes on at the next intact head behind the damage; false when there is none.
  bool skip_damage();

  /// The frame whose head is at `offset`. Throws `error` (failed) when there is no intact one.
  frame at(std::uint64_t offset);
  /// The body of a frame, checked. Throws `error` (failed), with its name, when it was changed.
  buffer body(const frame& of);
  /// As body(); false instead of throwing when it was changed.
  bool read_body(const frame& of, buffer& into);
  /// The error of a frame whose content cannot be right although its checksums are.
  [[noreturn]] void reject(const frame& of, const std::string& what) const;

 private:
  enum class head { intact, cut_short, wrong };
  head parse(std::uint64_t offset, frame& out);
  bool has(std::uint64_t offset, std::size_t n) const;  ///< in the block
  bool load(std::uint64_t offset, std::size_t n);
  bool is_blank(std::uint64_t offset);
  bool find_head(std::uint64_t from, frame& out);
  bool stop(log_end how, const char* what);

  const object_store* from_;
  std::string key_;
  std::uint64_t identity_;
  std::uint64_t size_ = 0;
  std::uint64_t limit_;
  std::uint64_t offset_ = 0;
  std::uint64_t number_ = 0;
  log_end end_ = log_end::clean;
  std::string what_;
  std::vector<std::byte> block_;  // the bytes last read, from block_at_
  std::uint64_t block_at_ = 0;
  std::size_t ahead_;  // how much to read at once: grows while frames are small
};

/// Adds frames to a log. Small frames are gathered and written together. Not thread-safe.
class log_writer {
 public:
  /// Opens the log for appending, creating it. A torn tail is cut off; a damaged log throws `error`
  /// (failed).
  log_writer(object_store& to, const std::string& key);
  /// Makes a log with its first frame, at once and durably: nobody ever sees it without. False
  /// when there is a log of that key.
  static bool make(object_store& in, const std::string& key, std::uint32_t kind, bytes meta,
                   bytes body);

  /// Adds a frame and returns its offset. The bytes are copied or written before it returns. Throws
  /// what appender::append throws; then the frame was not added, all others are as before.
  std::uint64_t add(std::uint32_t kind, bytes meta, bytes body);
  /// Writes what is gathered. When it throws nothing is lost and it may be called again.
  void write();
  /// Returns when all that was written would survive the machine.
  void sync() { to_->sync(); }

  std::uint64_t end() const { return to_->size() + gathered_.size(); }
  bool has_unwritten() const { return !gathered_.empty(); }
  std::uint64_t cut_bytes() const { return cut_; }  ///< torn tail found on opening

 private:
  static void put_head(std::vector<std::byte>& to, std::uint64_t identity, std::uint64_t offset,
                       std::uint32_t kind, bytes meta, bytes body);

  std::uint64_t identity_;
  std::unique_ptr<appender> to_;
  std::vector<std::byte> gathered_;
  std::uint64_t cut_ = 0;
};

}  // namespace clusterless::store
