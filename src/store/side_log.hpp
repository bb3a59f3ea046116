// SPDX-License-Identifier: MIT
// What a job tells while it runs: the lines its items print and the events of its life. Logs beside
// the journal, one for each driver's epoch, written together now and then and never waited for:
// they may lose their last moments in a crash, outcomes do not depend on them.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "store/framed_log.hpp"
#include "store/store.hpp"

namespace clusterless::store {

/// The item of what belongs to no item.
inline constexpr std::uint64_t no_item = std::numeric_limits<std::uint64_t>::max();

/// Something an item printed, or its task outside any item.
struct output_record {
  std::uint64_t unix_ms = 0;
  std::uint64_t task = 0;
  std::uint64_t item = no_item;
  std::int32_t pool = 0;
  std::int32_t worker = 0;
  std::string node = {};
  std::string text = {};  ///< any bytes, one or more lines
};

/// Something that happened to the job. The kinds belong to who writes them.
struct event_record {
  std::uint64_t unix_ms = 0;
  std::uint16_t kind = 0;
  std::uint64_t task = 0;
  std::uint64_t item = no_item;
  std::int32_t attempt = 0;
  std::int32_t pool = 0;
  std::int32_t worker = 0;
  std::string text = {};
};

/// Adds to the output and events of one epoch. The logs are made when there is something to write.
class side_writer {
 public:
  side_writer(object_store& to, std::string folder, std::uint64_t epoch);
  /// Gathered until flush(), or until there is much.
  void add(const output_record& line);
  void add(const event_record& event);
  /// Writes what is gathered. When it throws nothing is lost and it may be called again.
  void flush();

 private:
  log_writer& open(std::unique_ptr<log_writer>& log, const char* name);

  object_store* to_;
  std::string folder_;
  std::uint64_t epoch_;
  std::unique_ptr<log_writer> output_;
  std::unique_ptr<log_writer> events_;
};

/// Reads the side logs called `name` of a job from the first epoch to the last.
class side_reader {
 public:
  side_reader(const object_store& from, std::string folder, const char* name);
  /// The next frame and its body; false when there is none yet: ask again later. Throws `error`
  /// (failed) naming a damaged frame, and goes on behind it in the next call.
  bool next(frame& head, buffer& body);

 private:
  log_reader open() const;

  const object_store* from_;
  std::string folder_;
  std::string name_;
  std::uint64_t epoch_ = 1;
  log_reader log_;
};

/// The output of a job in the order it was written. `next` as in side_reader.
class output_reader {
 public:
  output_reader(const object_store& from, std::string folder)
      : in_(from, std::move(folder), "output") {}
  bool next(output_record& out);

 private:
  side_reader in_;
};

/// The events of a job in the order they were written. `next` as in side_reader.
class event_reader {
 public:
  event_reader(const object_store& from, std::string folder)
      : in_(from, std::move(folder), "events") {}
  bool next(event_record& out);

 private:
  side_reader in_;
};

}  // namespace clusterless::store
