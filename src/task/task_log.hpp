// SPDX-License-Identifier: MIT
// Everything a task tells, in its order, as a file: outcomes, failures, output, progress, its end.
// A node writes it as it goes, so that what is finished is there whatever ends the task; a client
// reads as far as it is whole, also while it grows. Each entry has checksums.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <clusterless/error.hpp>

#include "core/task.hpp"
#include "os/unique_fd.hpp"
#include "task/flat.hpp"

namespace clusterless::task {

enum class entry_kind : std::uint32_t {
  started = 1,  ///< the first entry; `number` tells this start of the task from others; body: the
                ///< names of its hosts, comma-separated
  outcomes,     ///< values of the next `count` items, after `number` nanoseconds: to_outcome()
  failed,       ///< after `count` items that must be run again one failed: to_error()
  printed,      ///< by process `number`, 1 for that of the items; body: lines
  progress,     ///< to_fraction(); body: text
  unusable,     ///< no item can ever run, on any node; body: why
  trouble,      ///< this start of the task cannot go on; body: why
  ended,        ///< the task is over; `number`: its exit code. Items without an outcome were not
                ///< finished, through no fault of theirs
};

/// An entry, in the memory that log_reader was given.
struct log_entry {
  entry_kind kind = entry_kind::ended;
  std::uint64_t count = 0;
  std::uint64_t number = 0;
  const std::byte* body = nullptr;
  std::size_t size = 0;
  std::vector<flat_segment> beside = {};  ///< of outcomes: segments that values refer to

  std::string_view text() const noexcept { return {reinterpret_cast<const char*>(body), size}; }
};

/// The pack of an entry of outcomes, as an engine hands it on: its bytes stay those of the entry,
/// its segments are copied into shared memory of this process.
core::outcome_bytes to_outcome(const log_entry& entry);
/// Throws `error` when the body is no error_info.
error_info to_error(const log_entry& entry);
double to_fraction(const log_entry& entry);

/// Entries go to the file one by one, each with one call of the system.
class log_writer {
 public:
  /// Makes the file anew, whoever may still write one of this name; throws `error` when it cannot.
  explicit log_writer(const std::string& path);

  // All throw `error` when the entry cannot be written, as when the disk is full.
  void started(std::string_view nodes);
  void outcomes(std::uint64_t count, core::nanoseconds spent, const core::outcome_bytes& pack);
  void failed(std::uint64_t unreported, const error_info& why);
  void printed(int worker, std::string_view lines);
  void progress(double fraction, std::string_view text);
  void unusable(std::string_view why);
  void trouble(std::string_view why);
  void ended(int exit_code);

 private:
  void add(entry_kind kind, std::uint64_t count, std::uint64_t number, std::vector<byte_view> body);

  std::string path_;
  os::unique_fd file_;
};

/// Walks over the bytes of a log that are there; they may begin at any entry.
class log_reader {
 public:
  log_reader(const std::byte* from, std::size_t size) : from_(from, size) {}
  /// The next whole entry; false when there is none, yet or ever: then see trouble().
  bool next(log_entry& out);
  /// Bytes of the entries read so far: where to go on when more has come.
  std::size_t position() const noexcept { return at_; }
  /// What is wrong with the bytes at position(); empty when there are only too few of them. While
  /// the task runs these may be a part that is not quite written: look again when there are more.
  const std::string& trouble() const noexcept { return trouble_; }

 private:
  bool wrong(const char* what);

  byte_view from_;
  std::size_t at_ = 0;
  std::string trouble_;
};

}  // namespace clusterless::task
